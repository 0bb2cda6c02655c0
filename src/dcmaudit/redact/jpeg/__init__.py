"""Sequential JPEG rewritten block by block; what is not touched stays bit by bit what it was.

Ours because libraries code a picture anew as a whole: none rewrites single blocks and copies the bits of all others.
"""
