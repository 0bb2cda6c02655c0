"""Files that are alike: how they are grouped, which stand apart, and what is decided for several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
from pydicom.sequence import Sequence as DicomSequence

from dcmaudit.errors import EngineError, ReviewError, UsageError
from dcmaudit.model import Box, DeviceFacts, HowSeen, Outcome, ReviewState, Size, SpreadKind
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import FileRows, only_seen
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.page.class_rows import class_files, class_list, list_files, tile_rows
from dcmaudit.review.services import class_survey
from dcmaudit.review.services.class_looks import GivenUpError
from dcmaudit.review.state import found_places
from dcmaudit.review.state.classes import ClassKey, ClassTable, Grouping
from dcmaudit.review.state.file_look import Concern, FileLook
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.sources import LocalReference
from dcmaudit.store import Look, TagChange
from support.apps import do, perform, ready, services_of, settled, state, store_of, wait_for
from support.files import Overlay, dataset, file_bytes

UID = "1.2.826.0.1.3680043.10.9.800"


def picture(seed: int, text: str = "") -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A soft blob of 128 x 96 pixels that is nearly the same for every seed, with white text where there is some."""
    rows, columns = np.mgrid[:96, :128]
    blob = 90 * np.exp(-(((rows - 48) / 30) ** 2 + ((columns - 64) / 40) ** 2))
    made = (blob + np.random.default_rng(seed).normal(0, 1, blob.shape)).clip(0, 255).astype(np.uint8)
    if text:
        cv2.putText(made, text, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    return made


def write(path: Path, array: Any, *, number: int, frames: int = 1, **facts: Any) -> Path:
    """An ultrasound image, or a cine, of one device."""
    extra = {
        "Modality": "US", "ImageType": ["ORIGINAL", "PRIMARY"], "Manufacturer": "Maker", "SeriesInstanceUID": UID,
        "ManufacturerModelName": "Scanner", "SOPInstanceUID": f"{UID}.{number}", **facts,
    }  # fmt: skip
    path.write_bytes(file_bytes(dataset(array, frames=frames if frames > 1 else None, extra=extra)))
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Eight images alike, then one with text, one that is unlike, one that declares text, one of another device, one
    that is cut off in its pixels, and one that is none."""
    folder = tmp_path / "archive"
    folder.mkdir()
    names = [write(folder / f"{number:02}.dcm", picture(number), number=number) for number in range(8)]
    names.append(write(folder / "08-text.dcm", picture(8, "SMITH 1952"), number=8))
    unlike = picture(9)
    unlike[56:, 80:] = 70
    names.append(write(folder / "09-unlike.dcm", unlike, number=9))
    names.append(write(folder / "10-declared.dcm", picture(10), number=10, BurnedInAnnotation="YES"))
    names.append(write(folder / "11-other.dcm", picture(11), number=11, ManufacturerModelName="Another"))
    names.append(write(folder / "12-cut.dcm", picture(12), number=12))
    names[-1].write_bytes(names[-1].read_bytes()[:-4000])
    names.append(folder / "13-none.dcm")
    names[-1].write_bytes(b"\0" * 128 + b"DICM")
    return names


def surveyed(session: Session, **arguments: Any) -> ClassTable:
    """The classes of the list once all of it was looked at."""
    do(session, "survey", **arguments)
    services = services_of(session)
    wait_for(lambda: (found := services.classes.of(session.worklist)) and found.is_complete and not found.is_running)
    found = services.classes.of(session.worklist)
    assert found is not None
    assert found.failure is None
    return found.table


@pytest.fixture
def session(open_app: Callable[..., ReviewApp], files: Sequence[Path]) -> Session:
    """A document over the archive, before anybody asked for classes."""
    return ready(open_app(files))


@pytest.fixture
def table(session: Session) -> ClassTable:
    """Its classes."""
    return surveyed(session)


def concerns(table: ClassTable) -> dict[str, tuple[Concern, ...]]:
    return {Path(table.worklist.name(place)).name: table.concerns(place) for place in range(len(table.worklist))}


def test_only_files_that_were_looked_at_and_show_nothing_count_as_looking_the_same(table: ClassTable) -> None:
    found = concerns(table)
    alike = {name for name, why in found.items() if not why}
    assert alike == {f"{number:02}.dcm" for number in range(8)}
    assert found["08-text.dcm"][0] is Concern.FOUND
    assert Concern.UNLIKE in found["09-unlike.dcm"]
    assert found["10-declared.dcm"] == (Concern.DECLARED,)
    assert found["11-other.dcm"] == (Concern.UNCOMPARED,)
    assert found["12-cut.dcm"][0] is Concern.UNREADABLE
    assert found["13-none.dcm"][0] is Concern.UNREADABLE


def test_the_gravest_stand_first_and_the_rest_last(session: Session, table: ClassTable) -> None:
    rows = class_list(session, services_of(session), 0, 50)["rows"]
    assert [(row["title"], row["device"], row["files"]) for row in rows] == [
        ("US · ORIGINAL PRIMARY · 128 x 96", "Maker Scanner", 12),
        ("US · ORIGINAL PRIMARY · 128 x 96", "Maker Another", 1),
        ("Files whose header cannot be read", "", 1),
    ]
    first = rows[0]
    assert (first["apart"], first["same"], first["waiting"]) == (4, 8, 12)
    order = class_files(session, services_of(session), 0)
    names = [Path(table.worklist.name(session.worklist.place(each))).name for each in order["ids"]]
    assert order["apart"] == 4
    assert names[:4] == ["12-cut.dcm", "08-text.dcm", "09-unlike.dcm", "10-declared.dcm"]
    assert names[4:] == [f"{number:02}.dcm" for number in range(8)]


def test_a_class_has_pictures_in_which_a_stroke_of_one_file_is_left(session: Session, table: ClassTable) -> None:
    survey = services_of(session).classes.of(session.worklist)
    assert survey is not None
    spread = survey.spreads[0]
    assert spread.picture(SpreadKind.MAX)[10:26].max() == 255
    assert spread.picture(SpreadKind.MEAN)[10:26, :40].max() < 150
    assert spread.picture(SpreadKind.TEXT).max() == 255
    for kind in SpreadKind:
        assert survey.picture(0, kind).startswith(b"\x89PNG")
    with pytest.raises(ReviewError):
        survey.picture(99, SpreadKind.MAX)


def test_tiles_say_what_is_known_of_a_file_and_where_it_is(session: Session, table: ClassTable) -> None:
    ids = class_files(session, services_of(session), 0)["ids"][:3]
    cut, text, _declared = tile_rows(session, services_of(session), ids)
    assert cut["concerns"][0] == Concern.UNREADABLE.value
    assert cut["reason"]
    assert text["likelihood"] == 1.0
    assert text["key"] == "f0"
    assert text["found"]
    assert all(top < 40 for _left, top, _right, _bottom in text["found"])
    assert "SMITH" not in str(text)


def test_every_file_of_a_cine_is_looked_at_frame_by_frame(open_app: Callable[..., ReviewApp], tmp_path: Path) -> None:
    stack = np.stack([picture(number, "DOE 1961" if number == 2 else "") for number in range(4)])
    names = [write(tmp_path / f"{number}.dcm", stack, number=number, frames=4) for number in range(2)]
    session = ready(open_app(names))
    table = surveyed(session)
    assert table.planes_through == 8
    assert [table.plane(place) for place in range(2)] == ["f2", "f2"]
    assert all(Concern.FOUND in table.concerns(place) for place in range(2))


def test_without_a_detector_every_file_is_said_to_be_unlooked_at(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_search: object) -> None:
        raise EngineError("the detector cannot be loaded")

    monkeypatch.setattr("dcmaudit.audit.TextSearch.own_finder", broken)
    table = surveyed(session)
    assert all(Concern.UNLOOKED in why or Concern.UNREADABLE in why for why in concerns(table).values())
    assert all(row["same"] == 0 for row in class_list(session, services_of(session), 0, 9)["rows"])
    shown = state(session)["classes"]
    assert shown["problem"] == "the detector cannot be loaded"


def test_what_ocr_has_found_in_a_file_counts_and_that_another_engine_found_nothing_does_not(session: Session) -> None:
    for number, places in ((0, 3), (8, 0)):
        path = Path(session.worklist.name(number))
        found = path.stat()
        look = Look(
            OcrEngine.TESSERACT, Outcome.DONE, complete=True, planes=1, places=places, size=found.st_size,
            modified_ns=found.st_mtime_ns,
        )  # fmt: skip
        store_of(session).put_results([FileRows(str(path), look=look)])
    table = surveyed(session)
    assert table.concerns(0) == (Concern.FOUND,)
    # It has text, whatever an engine that reads less says of it.
    assert table.concerns(8)[0] is Concern.FOUND


def bits(text: str, shape: tuple[int, int] = (96, 128)) -> np.ndarray[Any, np.dtype[np.uint8]]:
    made = np.zeros(shape, np.uint8)
    cv2.putText(made, text, (4, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1, 1)
    return made


def hiding(where: str) -> bytes:
    """An image with a text in a place where it is not on the first plane."""
    facts = {
        "Modality": "US", "ImageType": ["ORIGINAL", "PRIMARY"], "Manufacturer": "Maker", "SeriesInstanceUID": UID,
        "ManufacturerModelName": "Scanner", "SOPInstanceUID": f"{UID}.500",
    }  # fmt: skip
    if where == "overlay":
        return file_bytes(dataset(picture(3), overlays=[Overlay(bits=bits("DOE 1961"))], extra=facts))
    if where == "stray bit":
        cells = picture(3).astype(np.uint16) | (bits("DOE 1961").astype(np.uint16) << 13)
        return file_bytes(dataset(cells, bits_stored=8, bits_allocated=16, high_bit=7, extra=facts))
    if where == "icon":
        small = dataset(picture(3, "DOE 1961"))
        for name in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
                     "PatientName", "PatientID"):  # fmt: skip
            delattr(small, name)
        return file_bytes(dataset(picture(3), extra={**facts, "IconImageSequence": DicomSequence([small])}))
    if where == "frame 57":
        stack = np.stack([picture(3)] * 60)
        stack[57] = picture(3, "DOE 1961")
        return file_bytes(dataset(stack, frames=60, extra=facts))
    syntax, encode = {"JPEG": ("50", imagecodecs.jpeg8_encode), "JPEG 2000": ("90", imagecodecs.jpeg2k_encode)}[where]
    shown = picture(3, "DOE 1961")
    coded = encode(shown) if where == "JPEG" else encode(shown, reversible=True, codecformat="j2k")
    return file_bytes(dataset(shown, extra=facts), f"1.2.840.10008.1.2.4.{syntax}", frames=[coded])


@pytest.mark.parametrize("where", ["overlay", "stray bit", "icon", "frame 57", "JPEG", "JPEG 2000"])
def test_text_hides_nowhere_in_a_file_that_looks_the_same(
    where: str, open_app: Callable[..., ReviewApp], files: Sequence[Path], tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden.dcm"
    hidden.write_bytes(hiding(where))
    table = surveyed(ready(open_app([*files[:6], hidden])))
    assert table.concerns(0) == ()
    assert Concern.FOUND in table.concerns(6), table.concerns(6)


def test_a_file_that_is_found_later_stands_apart_until_it_was_looked_at(
    session: Session, table: ClassTable, tmp_path: Path
) -> None:
    late = write(tmp_path / "late.dcm", picture(1, "DOE 1961"), number=77)
    place = len(session.worklist)
    session.worklist.growing = True
    session.worklist.add([str(late)], {}, {})
    assert Concern.UNLOOKED in table.concerns(place)
    assert not state(session)["classes"]["complete"]
    session.worklist.finish()
    assert Concern.FOUND in surveyed(session).concerns(place)


def test_a_file_that_is_gone_at_the_decision_is_not_decided(session: Session, table: ClassTable) -> None:
    gone = Path(session.worklist.name(2))
    ids = same_ids(session)
    gone.unlink()
    decided(session, value="done", shown=ids)
    assert session.worklist.state(2) is ReviewState.NOT_REVIEWED
    assert state(session)["message"]["text"].startswith("7 of 8 files are done. 1 file could not be:")


def test_a_place_that_is_nearly_text_makes_its_file_stand_apart() -> None:
    worklist = Worklist(reopen=LocalReference)
    table = ClassTable(worklist, Grouping.KIND)
    for place, likelihood in enumerate((0.49, 0.5)):
        table.sort(None)
        table.take(place, FileLook(1, likelihood=likelihood))
    table.compare(0, [0, 1], [1.0, 1.0])
    assert (table.concerns(0), table.concerns(1)) == ((), (Concern.DOUBTED,))


def test_grouping_by_series_counts_the_same_looks(session: Session, table: ClassTable, files: Sequence[Path]) -> None:
    before = concerns(table)
    monkey = class_survey.noted_look
    again = surveyed(session, value="series")
    assert again is not table
    assert again.grouping is Grouping.SERIES
    assert concerns(again) == before
    assert class_survey.noted_look is monkey
    assert class_list(session, services_of(session), 0, 9)["rows"][0]["series"] == 1
    with pytest.raises(UsageError, match="allowed: kind, series"):
        do(session, "survey", value="colour")


def test_stopping_keeps_what_was_found_and_survey_goes_on(session: Session) -> None:
    perform(session, "survey", {})
    perform(session, "stop-survey", {})
    services = services_of(session)
    wait_for(lambda: (found := services.classes.of(session.worklist)) and not found.is_running)
    found = services.classes.of(session.worklist)
    assert found is not None
    assert found.words.endswith("stopped") or found.words.startswith("Sorted")
    assert all(table_row["same"] <= table_row["through"] for table_row in class_list(session, services, 0, 9)["rows"])
    assert not any(not found.table.concerns(place) for place in range(found.table.through, len(session.worklist)))
    surveyed(session)


# --- deciding -----------------------------------------------------------------------------------------------------


def same_ids(session: Session) -> list[int]:
    found = class_files(session, services_of(session), 0)
    return found["ids"][found["apart"] :]


def decided(session: Session, **arguments: Any) -> dict[str, Any]:
    """Answer yes to the question about a decision, and wait until it is through; what the question said."""
    asked = do(session, "decide", **arguments)["question"]
    do(session, "decide", confirm=True)
    wait_for(lambda: session.decision is not None and not session.decision.is_running)
    settled(session)
    return dict(asked)


def test_one_decision_marks_every_file_with_a_record_of_how_it_was_decided(session: Session, table: ClassTable) -> None:
    ids = same_ids(session)
    asked = decided(session, value="done", shown=ids)
    assert asked["text"].startswith("Mark 8 files as done? The database notes of each that it was decided with others")
    assert "Among them" not in asked["text"]
    store = store_of(session)
    for number in range(8):
        name = session.worklist.name(number)
        assert session.worklist.state(number) is ReviewState.DONE
        assert [record.how for record in store.seen(name)] == [HowSeen.CLASS]
        assert only_seen(store.seen(name), HowSeen.CLASS) == 1
        done = next(record for record in store.done_records() if record.filename == name)
        assert (done.looked.seen, done.looked.glanced, done.looked.planes) == (0, 1, 1)
    assert store.states([session.worklist.name(8)])[session.worklist.name(8)] is ReviewState.NOT_REVIEWED
    do(session, "undo")
    assert {session.worklist.state(number) for number in range(8)} == {ReviewState.NOT_REVIEWED}
    do(session, "redo")
    assert {session.worklist.state(number) for number in range(8)} == {ReviewState.DONE}


def test_what_stands_apart_is_named_before_it_is_decided(session: Session, table: ClassTable) -> None:
    ids = [session.worklist.file_id(place) for place in range(len(session.worklist))]
    text = do(session, "decide", value="tag", shown=ids)["question"]["text"]
    assert "not wholly looked at (2)" in text
    assert "text was found (1)" in text
    assert "declared by its header (1)" in text


def test_files_that_cannot_be_decided_are_told_and_stay(session: Session, table: ClassTable) -> None:
    ids = [session.worklist.file_id(place) for place in (0, 13)]
    decided(session, value="tag", shown=ids)
    message = state(session)["message"]
    assert message["kind"] == "warning"
    assert message["text"].startswith("1 of 2 files is tagged. 1 file could not be:")
    assert session.worklist.state(0) is ReviewState.TAGGED
    assert session.worklist.state(13) is ReviewState.NOT_REVIEWED


def test_a_file_that_changed_since_it_was_looked_at_is_left_out(session: Session, table: ClassTable) -> None:
    write(Path(session.worklist.name(3)), picture(3, "NEW TEXT"), number=3)
    decided(session, value="done", shown=same_ids(session))
    assert session.worklist.state(3) is ReviewState.NOT_REVIEWED
    assert "was changed since it was looked at" in state(session)["message"]["text"]
    assert Concern.UNLOOKED in table.concerns(3)
    assert surveyed(session) is table
    wait_for(lambda: Concern.UNLOOKED not in table.concerns(3))
    assert table.concerns(3)[0] is Concern.FOUND


def test_findings_of_a_file_that_changed_are_not_drawn_and_the_look_is_not_complete(
    session: Session, table: ClassTable
) -> None:
    services, ids = services_of(session), [session.worklist.file_id(8)]
    (tile,) = tile_rows(session, services, ids)
    assert tile["found"]
    write(Path(session.worklist.name(8)), picture(8), number=8)
    (tile,) = tile_rows(session, services, ids)
    assert (tile["found"], tile["likelihood"]) == ([], 0.0)
    assert "no detector looked" in tile["concerns"]
    shown = state(session)["classes"]
    assert not shown["complete"]
    assert shown["words"].endswith("1 of them was changed since; stopped")
    surveyed(session)
    assert Concern.FOUND not in table.concerns(8)
    assert state(session)["classes"]["complete"]


def test_a_second_look_that_is_given_up_is_not_forgotten(
    session: Session, table: ClassTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given_up(*_arguments: Any) -> Any:
        found = services_of(session).classes.of(session.worklist)
        assert found is not None
        found.stopping.set()
        raise GivenUpError

    table.forget(3)
    with monkeypatch.context() as patched:
        patched.setattr(class_survey, "look_into", given_up)
        do(session, "survey")
        wait_for(lambda: not state(session)["classes"]["running"])
    assert not state(session)["classes"]["complete"]
    surveyed(session)
    assert table.concerns(3) == ()


def test_a_file_that_changed_is_not_known_by_its_former_look_when_grouped_anew(
    session: Session, table: ClassTable
) -> None:
    write(Path(session.worklist.name(3)), picture(3, "NEW TEXT"), number=3)
    again = surveyed(session, value="series")
    assert again.concerns(3)[0] is Concern.FOUND
    assert again.concerns(2) == ()


def test_a_rectangle_goes_to_all_frames_of_every_file_and_back(session: Session, table: ClassTable) -> None:
    ids = same_ids(session)
    decided(session, value="mark", shown=ids, box=[2, 3, 50, 30])
    store = store_of(session)
    rows = [store.rects(session.worklist.name(number)) for number in range(8)]
    assert [[row.box for row in each] for each in rows] == [[Box(2, 3, 50, 30)]] * 8
    assert {session.worklist.state(number) for number in range(8)} == {ReviewState.IN_WORK}
    shown = tile_rows(session, services_of(session), ids[:1])
    assert shown[0]["marks"] == [[2, 3, 50, 30]]
    do(session, "undo")
    assert not any(store.rects(session.worklist.name(number)) for number in range(8))
    assert state(session)["can"]["redo"] is not None


def test_a_rectangle_does_not_go_to_files_of_several_sizes(
    open_app: Callable[..., ReviewApp], files: Sequence[Path], tmp_path: Path
) -> None:
    other = write(tmp_path / "large.dcm", np.zeros((100, 100), np.uint8), number=50)
    session = ready(open_app([files[0], other]))
    surveyed(session)
    ids = [session.worklist.file_id(place) for place in range(2)]
    with pytest.raises(ReviewError, match="files of one size"):
        do(session, "decide", value="mark", shown=ids, box=[0, 0, 5, 5])


def test_skipped_files_stay_and_their_planes_are_noted_as_skipped(session: Session, table: ClassTable) -> None:
    decided(session, value="skip", shown=same_ids(session)[:2])
    store = store_of(session)
    assert [record.how for record in store.seen(session.worklist.name(0))] == [HowSeen.SKIPPED]
    assert session.worklist.state(0) is ReviewState.NOT_REVIEWED


def test_a_file_that_somebody_else_finished_after_the_question_stays_as_it_is(
    session: Session, table: ClassTable
) -> None:
    store, name = store_of(session), session.worklist.name(3)
    do(session, "decide", value="done", shown=same_ids(session))
    store.finish(name, DeviceFacts(), change=TagChange(marked=True, comment="ask her"))
    before = store.tag(name)
    do(session, "decide", confirm=True)
    wait_for(lambda: session.decision is not None and not session.decision.is_running)
    settled(session)
    assert store.tag(name) == before
    message = state(session)["message"]
    assert message["text"].startswith("7 of 8 files are done. 1 file could not be:")
    assert "finished by somebody else since the question" in message["text"]
    do(session, "undo")
    assert store.tag(name) == before


def test_what_was_found_in_a_file_after_the_question_is_not_decided_by_the_answer(
    session: Session, table: ClassTable
) -> None:
    do(session, "decide", value="done", shown=same_ids(session))
    write(Path(session.worklist.name(3)), picture(3, "NEW TEXT"), number=3)
    table.forget(3)
    services_of(session).instances.drop(session.worklist.file_id(3))
    surveyed(session)
    wait_for(lambda: Concern.UNLOOKED not in table.concerns(3))
    do(session, "decide", confirm=True)
    wait_for(lambda: session.decision is not None and not session.decision.is_running)
    settled(session)
    assert session.worklist.state(3) is ReviewState.NOT_REVIEWED
    assert "since the question: text was found" in state(session)["message"]["text"]


def test_the_planes_of_files_that_were_not_looked_at_are_not_counted_as_none(session: Session) -> None:
    do(session, "survey")
    services = services_of(session)
    wait_for(lambda: (found := services.classes.of(session.worklist)) and found.is_complete and not found.is_running)
    found = services.classes.of(session.worklist)
    assert found is not None
    ids = [session.worklist.file_id(place) for place in range(3)]
    assert "of their 3 planes only those" in do(session, "decide", value="done", shown=ids)["question"]["text"]
    found.table._looks.planes[1] = 0
    for value, words in (("done", "of their planes only those"), ("skip", "that their planes were skipped")):
        assert words in do(session, "decide", value=value, shown=ids)["question"]["text"]


def test_files_that_are_done_are_left_alone(session: Session, table: ClassTable) -> None:
    ids = same_ids(session)
    decided(session, value="tag", shown=ids[:2])
    text = do(session, "decide", value="done", shown=ids)["question"]["text"]
    assert text.startswith("Mark 6 files as done? 2 files of the selection are done already and left alone.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"value": "black", "shown": [0]}, "allowed: done, tag, skip, mark"),
        ({"value": "done", "shown": []}, "no files are selected"),
        ({"value": "done", "shown": [10**8]}, "not in the open list"),
        ({"value": "done", "shown": ["a"]}, "whole number"),
        ({"confirm": True}, "changed since the question"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(session: Session, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises((ReviewError, UsageError)) as refused:
        perform(session, "decide", arguments)
    assert words in str(refused.value)


def test_a_decision_can_be_stopped_and_taken_back(session: Session, table: ClassTable) -> None:
    do(session, "decide", value="done", shown=same_ids(session))
    perform(session, "decide", {"confirm": True})
    perform(session, "stop-deciding", {})
    wait_for(lambda: session.decision is not None and not session.decision.is_running)
    done = sum(session.worklist.state(place).is_done for place in range(8))
    assert state(session)["message"]["text"].startswith(f"{done} of 8 files")


# --- the way to what is suspicious --------------------------------------------------------------------------------


def test_the_next_suspicious_file_comes_with_the_plane_that_shows_it(session: Session, table: ClassTable) -> None:
    assert do(session, "next-suspicious")["file"]["name"].endswith("08-text.dcm")
    assert state(session)["message"]["text"] == "Text was found; unlike the others: outlined."
    ((left, top, right, bottom),) = state(session)["plane"]["pointed"]
    # "SMITH 1952" from 4, 24 upwards, and no more than a little around it.
    assert 0 <= left <= 5
    assert 5 <= top <= 14
    assert 22 <= bottom <= 34
    assert right >= 100
    unlike = do(session, "next-suspicious")
    assert unlike["file"]["name"].endswith("09-unlike.dcm")
    # The corner, in whole cells of 8 x 6 pixels.
    assert unlike["plane"]["pointed"][-1] == [80, 54, 128, 96]
    assert do(session, "previous-file")["plane"]["pointed"] == []
    do(session, "next-file")
    names = [Path(do(session, "next-suspicious")["file"]["name"]).name for _ in range(3)]
    assert names == ["10-declared.dcm", "12-cut.dcm", "13-none.dcm"]
    last = do(session, "next-suspicious")
    assert last["message"]["text"].startswith("Nothing suspicious is known behind this plane")


def test_files_that_nobody_has_looked_at_are_not_said_to_be_clean(session: Session) -> None:
    message = do(session, "next-suspicious")["message"]
    assert message["kind"] == "warning"
    assert "No detector has looked at 14 files of them" in message["text"]


# --- the table by itself ------------------------------------------------------------------------------------------


def test_nothing_of_a_class_is_hidden_before_it_is_known() -> None:
    worklist = Worklist(reopen=LocalReference)
    worklist.add(["a", "b", "c"], {}, {})
    table = ClassTable(worklist, Grouping.KIND)
    key = ClassKey("CT", ("ORIGINAL",), Size(4, 4), None, None)
    table.sort(key)
    assert table.concerns(0) == table.concerns(0)
    assert table.concerns(0)[0] is Concern.UNLOOKED
    assert table.concerns(2) == (Concern.UNLOOKED,)
    table.take(0, FileLook(1))
    assert table.concerns(0) == (Concern.UNCOMPARED,)
    table.compare(0, [0], [1.0])
    assert table.concerns(0) == ()
    assert table.order(0) == ([0], 0)
    table.forget(0)
    assert table.concerns(0) == (Concern.UNLOOKED,)


def test_what_was_found_is_asked_for_while_other_files_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    worklist = Worklist(reopen=LocalReference)
    worklist.add(["a", "b"], {}, {})
    table = ClassTable(worklist, Grouping.KIND)
    for _ in range(2):
        table.sort(ClassKey("CT", ("ORIGINAL",), Size(4, 4), None, None))
    look = FileLook(2, found=2, plane="f1", places=(Box(1, 1, 4, 4),), with_text=("f0", "f1"))
    table.take(0, look)
    failed: list[Exception] = []
    others: list[threading.Thread] = []
    read = found_places._number

    def take_other() -> None:
        try:
            table.take(1, look)
        except Exception as error:  # of a thread, else it is lost
            failed.append(error)

    def reading(data: Iterator[int]) -> int:
        if not others:
            others.append(threading.Thread(target=take_other))
            others[0].start()
            others[0].join(0.2)
        return read(data)

    for ask in (table.plane, table.planes_with_text, table.text_places):
        others.clear()
        monkeypatch.setattr(found_places, "_number", reading)
        assert ask(0)
        monkeypatch.setattr(found_places, "_number", read)
        others[0].join(10)
        assert not failed
        assert ask(1) == ask(0)


def test_the_whole_list_comes_as_tiles_in_its_order(session: Session) -> None:
    found = list_files(session)
    assert found["ids"] == [session.worklist.file_id(place) for place in range(14)]
    assert tile_rows(session, services_of(session), found["ids"][:1])[0]["concerns"] == [Concern.UNLOOKED.value]


def test_the_key_for_what_is_suspicious_goes_to_every_plane_with_text(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    # text on three frames of one cine; the likeliest is not the first of them
    frames = np.stack([picture(number, "SMITH 1952" if number in {1, 3, 4} else "") for number in range(6)])
    names = [
        write(tmp_path / "00.dcm", picture(50), number=50),
        write(tmp_path / "01.dcm", frames, number=51, frames=6),
        write(tmp_path / "02.dcm", picture(52), number=52),
    ]
    session = ready(open_app(names))
    surveyed(session)
    planes = [do(session, "next-suspicious")["plane"]["key"] for _ in range(3)]
    assert planes == ["f1", "f3", "f4"]
    assert "Nothing suspicious is known behind this plane" in do(session, "next-suspicious")["message"]["text"]


def test_the_open_file_counts_among_those_that_no_detector_has_looked_at(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    session = ready(open_app([write(tmp_path / "00.dcm", np.stack([picture(1)] * 3), number=1, frames=3)]))
    message = do(session, "next-suspicious")["message"]
    assert message["kind"] == "warning"
    assert "No detector has looked at 1 file of them" in message["text"]


def test_series_are_numbered_among_those_of_the_same_kind() -> None:
    table = ClassTable(Worklist(reopen=LocalReference), Grouping.SERIES)
    for modality, series in [("CT", "1.2"), ("MR", "1.3"), ("CT", "1.4"), ("CT", "1.2"), ("MR", "1.5")]:
        table.sort(ClassKey(modality, None, None, None, None, series))
    table.sort(None)
    assert [group.series for group in table.classes] == [1, 1, 2, 2, None]
