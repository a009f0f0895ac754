"""Pure decisions. Nothing here reads a clock, a file, a socket or a database."""
