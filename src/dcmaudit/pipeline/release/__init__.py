"""A release: originals go in, files come out that may leave the house, with a report that says what is known."""

from dcmaudit.pipeline.release.candidate import release_file
from dcmaudit.pipeline.release.ending import Ending, Release, Unfound, Why
from dcmaudit.pipeline.release.folder import Key, ReleaseFolders, require_apart_from_inputs, require_outside
from dcmaudit.pipeline.release.policy import Clean, Eyes, Headers, Policy
from dcmaudit.pipeline.release.policy_file import load_policy
from dcmaudit.pipeline.release.task import ReleaseJob, ReleaseTask

__all__ = [
    "Clean",
    "Ending",
    "Eyes",
    "Headers",
    "Key",
    "Policy",
    "Release",
    "ReleaseFolders",
    "ReleaseJob",
    "ReleaseTask",
    "Unfound",
    "Why",
    "load_policy",
    "release_file",
    "require_apart_from_inputs",
    "require_outside",
]
