"""Marks of a name are not put on another file that lies under it since."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import dcmaudit
from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.model import DeviceFacts, ReviewState
from dcmaudit.model.records import Looked
from dcmaudit.review import Session
from dcmaudit.store import Store, open_store
from dcmaudit.store.finishing import TagChange
from support.apps import do, make_app, paint_all, ready, services_of, store_of, wait_for
from support.files import Overlay, dataset, file_bytes, gradient

UID = "1.2.826.0.1.3680043.10.77.{}"


def written(path: Path, *, number: int = 1, shift: int = 0, comment: str = "", overlay: bool = False) -> Path:
    """A small file; equal numbers of bytes whatever the number and the shift."""
    overlays = [Overlay(np.ones((1, 64, 64), np.uint8))] if overlay else []
    data = dataset(
        gradient() + np.uint16(shift), overlays=overlays, extra={"ImageComments": comment} if comment else {}
    )
    data.SOPInstanceUID = UID.format(number)
    path.write_bytes(file_bytes(data))
    return path


def finished(tmp_path: Path, path: Path) -> None:
    """Marked and finished in the reviewer, with what lay behind the name."""
    app = make_app(tmp_path, [path], chosen={"ignore-done": False})
    session = ready(app)
    do(session, "mark", box=[1, 2, 9, 9])
    paint_all(session)
    do(session, "done-next")
    wait_for(lambda: (found := store_of(session).identity(str(path))) and found.identity.pixel_digest)
    app.close()


def redacted(tmp_path: Path, *words: str) -> int:
    return main(["redact", "--db", str(tmp_path), "--from-db", "-j", "1", "-o", str(tmp_path / "out"), *words])


def outputs(tmp_path: Path) -> int:
    return len(list(tmp_path.glob("out/*.dcm")))


def test_the_file_that_was_finished_is_redacted_also_as_a_copy_with_another_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    assert redacted(tmp_path) == Exit.GOOD
    assert "changed" not in capsys.readouterr().err


def test_an_overlay_with_another_text_has_as_many_bytes_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.dcm", overlay=True)
    finished(tmp_path, path)
    former = path.read_bytes()
    data = dataset(gradient() + np.uint16(0), overlays=[Overlay(np.eye(64, dtype=np.uint8)[None])])
    data.SOPInstanceUID = UID.format(1)
    path.write_bytes(file_bytes(data))
    assert len(path.read_bytes()) == len(former)
    assert path.read_bytes() != former
    assert redacted(tmp_path) == Exit.GOOD
    assert "its pixel data are the same, of its overlays and icons that is not known" in capsys.readouterr().err


@pytest.mark.parametrize(
    "how",
    [
        "other pixels", "other pixels, size and time the same", "the same instance, size and time the same",
        "with --include-unreviewed",
    ],
)  # fmt: skip
def test_another_file_under_the_name_is_refused(tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    status = path.stat()
    written(path, number=1 if "instance" in how else 2, shift=7)
    if "time" in how:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert redacted(tmp_path, *(["--include-unreviewed"] if "unreviewed" in how else [])) == Exit.NOT_ALL
    assert outputs(tmp_path) == 0
    told = capsys.readouterr().err
    assert "it is another file than when it was marked or looked at: its pixel data differ" in told
    assert UID.format(2) not in told, "a UID is a value of the file"


def test_equal_pixels_under_another_header_are_redacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    written(path, number=2, comment="header made anew")
    assert redacted(tmp_path) == Exit.GOOD
    assert "changed" not in capsys.readouterr().err


def test_of_overlays_of_a_changed_file_it_is_said_that_nobody_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.dcm", overlay=True)
    finished(tmp_path, path)
    written(path, comment="header made anew", overlay=True)
    assert redacted(tmp_path) == Exit.GOOD
    assert "its pixel data are the same, of its overlays and icons that is not known" in capsys.readouterr().err


def test_what_ocr_found_is_not_put_on_another_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.dcm")
    assert main(["ocr", "--no-read", "--db", str(tmp_path), "-j", "1", str(path)]) == Exit.GOOD
    with open_store(str(tmp_path), user="reader") as store:
        store.finish(
            str(path), DeviceFacts(), change=TagChange(marked=False), looked=Looked(1, 1, 0, 0, is_searched=True)
        )
    written(path, number=2, shift=7)
    assert redacted(tmp_path, "--rect", "0,0,3,3") == Exit.NOT_ALL
    assert "its pixel data differ" in capsys.readouterr().err
    assert outputs(tmp_path) == 0


def test_a_name_that_nothing_is_noted_of_counts_by_its_name(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm")
    with open_store(str(tmp_path), user="reader") as store:
        store.finish(str(path), DeviceFacts(), change=TagChange(marked=False))
        assert store.identity(str(path)) is None
    assert redacted(tmp_path, "--rect", "0,0,3,3") == Exit.GOOD


def test_a_file_replaced_since_it_was_done_is_finished_anew_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    written(path, number=2, shift=7)
    # From here on the database knows what lies there now: only the record of being done still means the former file.
    assert main(["ocr", "--no-read", "--db", str(tmp_path), "-j", "1", str(path)]) == Exit.GOOD
    assert redacted(tmp_path) == Exit.NOT_ALL
    assert "the file is done, but another one lies under its name since" in capsys.readouterr().err
    assert outputs(tmp_path) == 0
    finished(tmp_path, path)
    assert redacted(tmp_path) == Exit.GOOD


def test_undo_of_finishing_a_replaced_file_leaves_it_replaced(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    name = str(path)

    def replaced(store: Store) -> bool:
        (marked,) = store.marks_of([name])
        return marked.done is not None and marked.done.replaced_at is not None

    with open_store(str(tmp_path), user="reader") as store:
        noted = store.identity(name)
        assert noted is not None
        assert not replaced(store)
        store.put_identity(name, type(noted.identity)(UID.format(3), "sha256:00"), size=1, modified_ns=2)
        assert replaced(store)
        again = store.finish(
            name, DeviceFacts(), change=TagChange(marked=False), looked=Looked(1, 1, 0, 0, is_searched=True)
        )
        assert not replaced(store)
        store.take_back(again)
        assert replaced(store)
        assert [one.action for one in store.history(name)].count("replaced since it was done") == 1


def test_other_files_of_equal_size_and_time_were_never_seen(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm")
    app = make_app(tmp_path, [path])
    paint_all(ready(app))
    app.close()
    status = path.stat()
    written(path, number=2, shift=7)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    app = make_app(tmp_path, [path])
    session: Session = ready(app)
    # The pixels are compared, for a header that was made anew in place changes the instance, too.
    wait_for(
        lambda: "It is a file with other pixels than when it was looked at last" in " ".join(session.opened().notes)
    )
    wait_for(lambda: not store_of(session).seen(str(path)))
    app.close()


def test_copies_of_the_page_are_of_the_file_that_was_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.dcm")
    app = make_app(tmp_path, [path])
    session = ready(app)
    paint_all(session)
    do(session, "done-next")
    wait_for(lambda: (found := store_of(session).identity(str(path))) and found.identity.pixel_digest)
    app.close()
    shutil.copyfile(path, tmp_path / "kept")
    written(path, number=2)
    assert redacted(tmp_path, "--copy-clean") == Exit.NOT_ALL
    assert "another file than when it was looked at" in capsys.readouterr().err


def test_who_knows_that_marks_fit_pictures_encoded_anew_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    written(path, shift=1)
    assert redacted(tmp_path, "--include-unreviewed") == Exit.NOT_ALL
    assert main(["db", "identify", "--db", str(tmp_path), str(path)]) == Exit.GOOD
    assert redacted(tmp_path) == Exit.NOT_ALL
    assert redacted(tmp_path, "--include-unreviewed") == Exit.GOOD


def test_a_replaced_file_is_listed_as_unseen_and_told_when_it_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    capsys.readouterr()
    assert main(["db", "unseen", "--db", str(tmp_path)]) == Exit.GOOD
    assert capsys.readouterr().out == ""
    assert main(["db", "info", "--db", str(tmp_path)]) == Exit.GOOD
    assert "not all seen" not in capsys.readouterr().out
    written(path, number=2, shift=7)
    assert main(["db", "identify", "--db", str(tmp_path), str(path)]) == Exit.GOOD
    capsys.readouterr()
    assert main(["db", "unseen", "--db", str(tmp_path)]) == Exit.GOOD
    assert "a.dcm: 0 of 1 plane not seen" in (told := capsys.readouterr().out)
    assert "another file lies under the name since" in told
    assert main(["db", "info", "--db", str(tmp_path)]) == Exit.GOOD
    assert "not all seen:      1 of these files" in capsys.readouterr().out
    app = make_app(tmp_path, [path], chosen={"ignore-done": False})
    session = ready(app)
    wait_for(lambda: session.file is not None and session.file.seen_loaded)
    assert any("Another file lies under this name" in note for note in session.opened().notes)
    app.close()


def test_the_list_has_a_replaced_file_as_one_to_review_until_it_is_finished_anew(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm")
    finished(tmp_path, path)
    app = make_app(tmp_path, [path])
    session = ready(app)
    assert session.file is None
    app.close()
    written(path, number=2, shift=7)
    assert main(["db", "identify", "--db", str(tmp_path), str(path)]) == Exit.GOOD
    # Files that are done are passed over; this one is not.
    app = make_app(tmp_path, [path])
    session = ready(app)
    assert session.opened().name == str(path)
    assert session.worklist.state(0) is ReviewState.IN_WORK
    assert store_of(session).states([str(path)]) == {str(path): ReviewState.DONE}
    paint_all(session)
    do(session, "done-next")
    assert session.worklist.state(0) is ReviewState.DONE
    app.close()


def test_an_open_list_learns_that_a_done_file_was_replaced_and_opening_it_says_so(tmp_path: Path) -> None:
    path, other = written(tmp_path / "a.dcm"), written(tmp_path / "b.dcm", number=3)
    finished(tmp_path, path)
    written(path, number=2, shift=7)
    app = make_app(tmp_path, [path, other], chosen={"ignore-done": False})
    session = ready(app)
    assert session.worklist.state(0) is ReviewState.DONE
    wait_for(lambda: session.file is not None and session.file.seen_loaded)
    assert any("It was finished as the former one: finish it anew." in note for note in session.opened().notes)
    session.listen(lambda: None)
    watcher = services_of(session).watcher
    watcher.look()
    paint_all(session)
    wait_for(lambda: store_of(session).replaced_at(str(path)) is not None)
    watcher.look()
    assert session.worklist.state(0) is ReviewState.IN_WORK
    app.close()


def test_marks_from_python_are_of_the_file_that_was_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.dcm")
    with open_store(str(tmp_path), user="script") as store, dcmaudit.open(path) as instance:
        instance.mark(store, [dcmaudit.black((1, 2, 9, 9))], done=True)
    assert redacted(tmp_path) == Exit.GOOD
    (tmp_path / "out" / "a.redacted.dcm").unlink()
    written(path, number=2, shift=7)
    assert redacted(tmp_path) == Exit.NOT_ALL
    assert "its pixel data differ" in capsys.readouterr().err
    # Also where the database knew of the new file first; and whoever marks that one has finished it.
    assert main(["db", "identify", "--db", str(tmp_path), str(path)]) == Exit.GOOD
    assert redacted(tmp_path) == Exit.NOT_ALL
    assert "another one lies under its name since" in capsys.readouterr().err
    assert outputs(tmp_path) == 0
    with open_store(str(tmp_path), user="script") as store, dcmaudit.open(path) as instance:
        instance.mark(store, [dcmaudit.black((1, 2, 9, 9))], done=True)
    assert redacted(tmp_path) == Exit.GOOD


def test_marks_from_python_of_a_file_exchanged_while_it_was_open_are_of_neither_time(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm")
    with open_store(str(tmp_path), user="script") as store, dcmaudit.open(path) as instance:
        written(tmp_path / "b.dcm", number=2, shift=7).replace(path)
        instance.mark(store, [dcmaudit.black((1, 2, 9, 9))], done=True)
        noted = store.identity(str(path))
    assert noted is not None
    assert (noted.identity.sop_instance_uid, noted.size, noted.modified_ns) == (UID.format(1), None, None)
    assert redacted(tmp_path) == Exit.NOT_ALL
    assert outputs(tmp_path) == 0


def test_a_file_finished_without_a_record_is_known_as_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.dcm")
    with open_store(str(tmp_path), user="original") as store:
        store.mark_done(str(path), DeviceFacts())
    look = ["ocr", "--no-read", "--db", str(tmp_path), "-j", "1", str(path)]
    assert main(look) == Exit.GOOD
    written(path, number=2, shift=7)
    assert main(look) == Exit.GOOD
    assert redacted(tmp_path) == Exit.NOT_ALL
    assert "another one lies under its name since" in capsys.readouterr().err
    assert outputs(tmp_path) == 0
    assert main(["db", "unseen", "--db", str(tmp_path)]) == Exit.GOOD
    told = capsys.readouterr().out
    assert "a.dcm: what was seen was not noted; done by original, " in told
    assert redacted(tmp_path, "--include-unreviewed", "--rect", "0,0,+4,+4") == Exit.GOOD
    assert "0 of 0" not in capsys.readouterr().err


def test_without_a_uid_size_and_time_alone_prove_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"

    def nameless(shift: int) -> None:
        data = dataset(gradient() + np.uint16(shift))
        del data.SOPInstanceUID
        path.write_bytes(file_bytes(data))
        os.utime(path, ns=(10**18, 10**18))

    nameless(0)
    with open_store(str(tmp_path), user="script") as store, dcmaudit.open(path) as instance:
        instance.mark(store, [dcmaudit.black((1, 2, 9, 9))], done=True)
    nameless(7)
    assert redacted(tmp_path) == Exit.NOT_ALL
    assert outputs(tmp_path) == 0
    nameless(0)
    assert redacted(tmp_path) == Exit.GOOD


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_file_that_was_only_moved_is_not_called_changed(
    tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.dcm", overlay=True)
    finished(tmp_path, path)
    moved = tmp_path / "moved.dcm"
    if how == "copied":
        moved.write_bytes(path.read_bytes())
        path.unlink()
    else:
        path.rename(moved)
    assert main(["db", "adopt", "--db", str(tmp_path), str(moved)]) == Exit.GOOD
    assert redacted(tmp_path, str(moved)) == Exit.GOOD
    told = capsys.readouterr().err
    assert ("of its overlays and icons that is not known" in told) == (how == "copied")
