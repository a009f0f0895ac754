"""Feeds and the calendar: what changed last, for readers who come by themselves and ask whether there is anything new."""
