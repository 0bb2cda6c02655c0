"""What the reviewer can find out and keep: pictures, text, suggestions, learning, watching, the threads for it."""
