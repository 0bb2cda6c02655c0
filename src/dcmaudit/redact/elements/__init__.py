"""The written attributes: what is changed, kept and left out, byte by byte."""
