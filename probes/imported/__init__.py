"""Looks that others made: measurements as they are published, and the services that publish or make them."""
