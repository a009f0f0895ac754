"""Ratios against peers, measured on this machine in one interleaved run. Compare ratios, never absolute figures."""
