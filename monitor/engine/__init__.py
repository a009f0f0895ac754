"""Runs probes: when each check is due, how politely and how many at once, and whether what it saw may be relied on."""
