"""What channels are built from. The scan for channels passes over it."""
