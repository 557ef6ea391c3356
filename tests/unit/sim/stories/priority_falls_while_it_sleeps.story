# A BACKUP whose late witness had answered stood still past its master-down time. Woken, it was told of its check before its
# deadline was looked at: the new priority moved that to now, and it rose on the answer of before, without listening.
seed 3248272022980716331
machine priority=46 witness=1 weight=4 proves=1
machine priority=46 witness=1 weight=4 proves=1
+0.000000000 cut m0 6
+0.000000000 start m0
+18.000000000 heal
+1.000000000 pause m0
+5.000000000 check m0
+3.000000000 cut m1 6
