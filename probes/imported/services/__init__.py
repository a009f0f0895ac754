"""The services that look for us: one that publishes what volunteers measured, and one whose volunteers can be asked."""
