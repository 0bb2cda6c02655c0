"""What a person can tell the reviewer to do."""
