"""Tells those who must know: the outbox and the channels through which it delivers."""
