"""Sequential JPEG rewritten block by block; what is not touched stays bit by bit what it was."""
