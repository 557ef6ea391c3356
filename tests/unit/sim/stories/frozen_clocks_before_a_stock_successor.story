# A machine is frozen with its clocks and goes on as MASTER; its stock successor's counter is ahead, and its adverts put that one off.
seed 1496390990172246865
machine priority=47 makes_room=1 authentication=2 proves=1
machine priority=59 makes_room=1 authentication=2 proves=1
machine priority=77 makes_room=1 stock=1 authentication=2
machine priority=93 makes_room=1 authentication=2 proves=1
+0.000000000 quiet
+5.000000000 stop m0
+11.680000000 quiet
+38.540000000 freeze m3
+3.780000000 quiet
+0.000000000 freeze m3
+5.970000000 hang m0
+15.000000000 quiet
