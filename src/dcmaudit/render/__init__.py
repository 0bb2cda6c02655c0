"""Stored samples to pictures: rendering, projections, thumbnails and their files. Arrays in, arrays out."""

from dcmaudit.render.encode import encode_jpeg, encode_png, encode_tiff
from dcmaudit.render.fortext import pictures_for_text
from dcmaudit.render.pair import render_pair
from dcmaudit.render.project import Projected, Projector, project, project_planes
from dcmaudit.render.spread import Outline, Signature, Spread, distances, unlike_places
from dcmaudit.render.thumbnail import thumbnail
from dcmaudit.render.value_record import StoredPlane, stored_plane
from dcmaudit.render.view import Shown, render, shown_as

__all__ = [
    "Outline",
    "Projected",
    "Projector",
    "Shown",
    "Signature",
    "Spread",
    "StoredPlane",
    "distances",
    "encode_jpeg",
    "encode_png",
    "encode_tiff",
    "pictures_for_text",
    "project",
    "project_planes",
    "render",
    "render_pair",
    "shown_as",
    "stored_plane",
    "thumbnail",
    "unlike_places",
]
