"""What must not be lost when things go wrong: real services under storms, kills, locks and full disks, with counts.

`make test` runs each story small; `make soak` runs them large and prints what it counted.
"""
