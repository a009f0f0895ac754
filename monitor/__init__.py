"""Monitor remembers: it runs the probes, judges what they saw, keeps incidents and tells those who must know."""
