"""How well any tool hid what an answer key names: keys of others, comparison of planes, the score of one file."""

from dcmaudit.pipeline.scoring.file_score import ScoreTask, score_file
from dcmaudit.pipeline.scoring.keys import Answer, Key, KeyFormat, key_of_rows, kind_of, read_key
from dcmaudit.pipeline.scoring.partners import Partners, partners_of

__all__ = [
    "Answer",
    "Key",
    "KeyFormat",
    "Partners",
    "ScoreTask",
    "key_of_rows",
    "kind_of",
    "partners_of",
    "read_key",
    "score_file",
]
