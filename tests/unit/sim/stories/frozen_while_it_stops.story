# A virtual machine that is frozen on its way out has not run for too long, only for too long by the clock of others.
seed 15073928418594077906
machine priority=47 proves=1 rise=1 fall=2
+0.000000000 quiet
+0.000000000 stop m0
+0.000000000 freeze m0
+3.880000000 wake m0
