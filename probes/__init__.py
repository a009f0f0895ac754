"""Probes look: one module per probe kind. A probe observes and states rules; it never opens a socket of its own.

The network is reached through `probes.kit.network` only, and nothing here knows a database or a web framework.
"""
