"""The written frames: cells, codestreams, the items and tables around them, icons."""
