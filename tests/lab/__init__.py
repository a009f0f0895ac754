"""The lab: a loopback world of real DNS, TCP, TLS and HTTP servers with a censor, and the runner of scenarios in it.

`docs/lab.md` describes the scenario format.
"""
