"""The real probe against real packets: a censor between network namespaces that the tests make themselves.

Needs root, `ip`, `nft` and `tc`; elsewhere these tests skip and say why. No packet leaves the namespaces.
"""
