"""Limits that several rooms have to agree on."""

from __future__ import annotations

LEAST_OF_A_PICTURE = 24 * 24
"""Bytes from which on a value could hold a picture: 24 x 24 pixels.

Fewer hold nothing that a person could read.
"""
