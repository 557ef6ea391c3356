# A lost frame in two and adverts every 10 ms with a single one to miss: the address is released and taken again within
# milliseconds, and a kernel that was a step behind was taken for one that keeps it.
seed 17098668636862593787
machine priority=66 version=3 interval=10000 preempt_delay=20000 adverts=1 weight=-30 stock=1
machine priority=85 version=3 interval=200000 make_before_break=0 weight=-30 proves=1
machine priority=98 version=3 interval=10000 weight=-30 stock=1
+0.000000000 start m0
+0.000000000 start m1
+0.000000000 start m2
+0.000000000 quality loss=49 duplicates=11 delay=37 jitter=0
+7.000000000 check m1 1
