"""What the reviewer knows at a moment: the list, the open file, the settings, what can be taken back."""
