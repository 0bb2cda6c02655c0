"""A file's name is one line of the output, whatever characters it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from dcmaudit.cli import main
from support.files import gradient, reference


def test_a_newline_in_a_name_forges_no_line_of_the_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = tmp_path / "before.dcm", tmp_path / "a\nb.dcm: proved\x1b[2K"
    data = reference(gradient()).data
    before.write_bytes(data)
    after.write_bytes(data)
    main(["verify", str(before), str(after), "--rect", "0,0,1,1", "--db", str(tmp_path)])
    output = capsys.readouterr()
    assert "\x1b" not in output.out + output.err
    assert not any(line.startswith("b.dcm") for line in (output.out + output.err).splitlines())
    assert "a\\nb.dcm" in output.out + output.err
