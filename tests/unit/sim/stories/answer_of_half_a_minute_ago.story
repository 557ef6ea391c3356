# A member of a group was answered by its witness, held back by the other, and cut off: its group rose half a minute later on
# that answer.
seed 6180200993043049204
machine routers=2 priority=78 interval=2000000 preempt=0 witness=1 weight=-30 authentication=1 proves=1
machine routers=2 priority=92 interval=2000000 preempt=0 witness=1 weight=-30 authentication=1 proves=1
machine routers=2 priority=105 interval=2000000 preempt=0 witness=1 weight=-30 authentication=1 proves=1
+0.000000000 start m0
+3.000000000 start m2
+68.540000000 cut m0 2
+18.210000000 cut m2 1
+9.940000000 everything m0
+30.000000000 hang m1
