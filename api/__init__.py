"""The API answers: pages, feeds and machine-readable views of what the monitor remembers."""
