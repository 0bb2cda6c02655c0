"""What README.md and docs/redaction.md promise, quoted: each sentence stands there, and a test holds what it says.

A sentence with one of the words below promises something. Whoever writes a new one adds it here with what keeps it;
whoever changes one finds the test that has to change with it.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dcmaudit.cli import main
from dcmaudit.model import Everywhere
from dcmaudit.model.redaction import RedactionOptions
from dcmaudit.pipeline.uids import uid_maker
from support.files import (
    HTJ2K_LOSSLESS,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LS,
    JPEG_XL,
    RLE,
    MemoryReference,
    dataset,
    encode,
    file_bytes,
    gradient,
    reference,
)
from support.hiding import element, inserted, items
from support.proofs import ask, redacted

ROOT = Path(__file__).parents[2]
README, REDACTION = "README.md", "docs/redaction.md"
PROMISING = re.compile(
    r"\b(never|always|every|only|refused|refuses)\b|no output|no telemetry|no other machine|\bnothing\b", re.IGNORECASE
)
BOX = (2, 2, 12, 9)
Check = Callable[[Path, pytest.CaptureFixture[str]], None]
CHECKS: dict[str, Check] = {}


def keeps(check: Check) -> Check:
    """A check that is run for the promises that name it."""
    CHECKS[check.__name__] = check
    return check


def _redact(*arguments: object) -> int:
    return main(["redact", *map(str, arguments)])


@keeps
def no_output_and_a_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "lossy.dcm"
    stream = encode(gradient(), JPEG_XL)
    path.write_bytes(file_bytes(dataset(gradient()), JPEG_XL, frames=[stream]))
    assert _redact("--rect", "1,1,9,9", path) != 0
    assert capsys.readouterr().err.strip()
    assert list(folder.iterdir()) == [path]


@keeps
def a_frame_that_no_decoder_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = np.stack([gradient(), gradient()])
    streams = [encode(frame, JPEG_LS) for frame in stack]
    streams[1] = streams[1][:60] + b"\x13" * 40 + streams[1][100:-2] + b"\xff\xd9"
    path = folder / "two.dcm"
    path.write_bytes(file_bytes(dataset(stack, frames=2), JPEG_LS, frames=streams))
    assert _redact("--rect", "1,1,9,9", "--frame", "0", path) == 1
    assert "frame 2" in capsys.readouterr().err
    assert list(folder.iterdir()) == [path]


@keeps
def the_transfer_syntax_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for syntax in (RLE, JPEG_LS, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS, JPEG_BASELINE):
        path = folder / f"{syntax}.dcm"
        path.write_bytes(reference(gradient(48, 64), syntax).data)
        assert _redact("--rect", "1,1,9,9", path) == 0
        written = folder / f"{syntax}.redacted.dcm"
        assert dcmread(written).file_meta.TransferSyntaxUID == syntax
    del capsys


@keeps
def only_the_operator_asserts(*_: object) -> None:
    before = reference(gradient(), extra={"ImageType": ["ORIGINAL", "PRIMARY"]})
    plain = redacted(before, ask(BOX, Everywhere.ALL_FRAMES))
    asserted = redacted(before, ask(BOX, Everywhere.ALL_FRAMES), options=RedactionOptions(assert_clean=True))
    for found, is_asserted in ((plain, False), (asserted, True)):
        written = _read(found.after)
        assert ("BurnedInAnnotation" in written) == is_asserted
        assert ("DeidentificationMethodCodeSequence" in written) == is_asserted
        assert "PatientIdentityRemoved" not in written
        assert written.ImageType[0] == "DERIVED"


def _read(data: bytes) -> Dataset:
    return dcmread(io.BytesIO(data))


@keeps
def a_file_is_read_again_before_it_has_a_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The proof that is told in the record is one of the file that lies there now."""
    path = folder / "one.dcm"
    path.write_bytes(reference(gradient()).data)
    assert _redact("--rect", "1,1,9,9", "--proof", path) == 0
    record = json.loads((folder / "one.redacted.proof.json").read_text())
    written = (folder / "one.redacted.dcm").read_bytes()
    assert record["passed"] is True
    assert record["after"] == f"sha256:{hashlib.sha256(written).hexdigest()}"
    del capsys


@keeps
def black_floats_are_one_pattern(*_: object) -> None:
    cells = gradient().astype(np.float32) - 20
    cells[cells < 0] = -0.0
    found = redacted(reference(cells), ask(BOX, Everywhere.ALL_FRAMES))
    picture = np.frombuffer(_read(found.after).FloatPixelData, "<u4").reshape(cells.shape)
    assert set(picture[BOX[1] : BOX[3], BOX[0] : BOX[2]].ravel().tolist()) == {0}


@keeps
def uids_are_the_same_within_a_run(*_: object) -> None:
    one, other = uid_maker(b"a key"), uid_maker(b"another")
    assert one("1.2.3") == one("1.2.3") != one("1.2.4")
    assert one("1.2.3") != other("1.2.3")


@keeps
def other_programs_words_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = redacted(reference(gradient()), ask(BOX, Everywhere.ALL_FRAMES))
    written = _read(found.after)
    written.file_meta.ImplementationVersionName = "ELSEWHERE 1.0"
    (folder / "before.dcm").write_bytes(found.before.open().read())
    written.save_as(folder / "after.dcm")
    assert main(["verify", str(folder / "before.dcm"), str(folder / "after.dcm"), "2,2,11,8"]) == 1
    told = capsys.readouterr()
    assert "(0002,0013)" in told.out + told.err
    assert "ELSEWHERE" not in told.out + told.err


@keeps
def a_size_that_the_codestream_does_not_have(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = dataset(gradient())
    data.Rows = 30
    path = folder / "size.dcm"
    path.write_bytes(file_bytes(data, JPEG_LS, frames=[encode(gradient(), JPEG_LS)]))
    assert _redact("--rect", "1,1,9,9", path) == 1
    assert capsys.readouterr().err.strip()
    assert list(folder.iterdir()) == [path]


@keeps
def an_item_that_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "item.dcm"
    broken = element(0x00081032, "SQ", items(b"\x08\0\0\x01SH\xf0\x00" + b"x" * 20))
    path.write_bytes(inserted(reference(gradient()).data, 0x00081032, broken))
    assert _redact("--rect", "1,1,9,9", path) == 1
    assert capsys.readouterr().err.strip()
    assert list(folder.iterdir()) == [path]


def _with_private(folder: Path) -> Path:
    data = dataset(gradient())
    data.private_block(0x0099, "SOMEBODY", create=True).add_new(1, "LT", "Doe Jane 4711 " * 60)
    path = folder / "private.dcm"
    path.write_bytes(file_bytes(data))
    return path


@keeps
def private_elements_are_named_and_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _with_private(folder)
    assert _redact("--rect", "1,1,9,9", "--private", "refuse", path) == 1
    assert list(folder.iterdir()) == [path]
    capsys.readouterr()
    _redact("--rect", "1,1,9,9", "--json", path)
    told = capsys.readouterr()
    assert "(0099,1001)" in told.out + told.err
    assert "Doe Jane" not in told.out + told.err


@keeps
def private_elements_go_where_nothing_is_blacked(*_: object) -> None:
    data = dataset(gradient())
    data.private_block(0x0099, "SOMEBODY", create=True).add_new(1, "OB", bytes(range(256)) * 4)
    before = MemoryReference("built.dcm", file_bytes(data))
    found = redacted(before, options=RedactionOptions(remove_private_bulk=True))
    assert 0x00991001 not in _read(found.after)
    assert found.proof().passed


NO_PROMISES = ("runs every check", "only native files against copying them", "on faces and grounds for reporting only")
"""Sentences that have one of the words and describe something."""
PROMISES: list[tuple[str, str, tuple[str, ...]]] = [
    # document, words of the sentence, what keeps it: a check above, or tests of other files
    (README, "it shows every frame, every overlay and every frame of each overlay",
     ("tests/browser/test_planes.py::test_frames_come_first_then_every_frame_of_every_overlay",
      "tests/model/test_planes.py::test_every_plane_is_found_where_it_is")),
    (README, "It lists every plane that it cannot show, with the reason",
     ("tests/dicom/test_unshown.py::test_each_thing_that_cannot_be_shown_has_its_entry",
      "tests/cli/test_frames.py::test_what_cannot_be_shown_is_listed_with_its_reason")),
    (README, "contacts no other machine, and has no telemetry",
     ("tests/browser/test_trouble.py::test_nothing_is_asked_of_any_other_host",)),
    (README, "nothing is downloaded while the program runs",
     ("tests/pipeline/test_text_check.py::test_a_missing_detector_ends_the_run_before_anything_is_written",)),
    (README, "step through every plane of a file",
     ("tests/review/test_commands.py::test_every_key_of_the_guide_does_what_the_guide_says",)),
    (README, "Files that are done are left out next time",
     ("tests/review/test_commands.py::test_every_key_of_the_guide_does_what_the_guide_says",)),
    (README, "lists every key", ("tests/review/test_commands.py::test_the_help_table_names_every_key",)),
    (README, "held down hides every rectangle",
     ("tests/browser/test_handy.py::test_a_held_key_hides_every_rectangle_until_it_is_let_go",)),
    (README, "only shows and never writes", ("tests/review/test_marking.py::test_the_viewer_writes_nothing_at_all",)),
    (README, "Where that cannot be proved there is no output, and the exit code says so",
     ("no_output_and_a_reason",
      "tests/pipeline/test_redaction.py::test_without_a_passed_proof_there_is_no_output")),
    (README, "Compressed files stay in their transfer syntax; in a baseline JPEG only the touched blocks change",
     ("the_transfer_syntax_stays", "tests/redact/file/test_encodings.py::test_baseline_jpeg_block_by_block")),
    (README, "looks at every plane of every file",
     ("tests/pipeline/test_text_check.py::test_every_plane_is_looked_at_and_named",)),
    (README, "every plane as PNG or TIFF", ("tests/model/test_planes.py::test_the_list_has_every_plane_in_order",)),
    (REDACTION, "and only then gives it its name",
     ("a_file_is_read_again_before_it_has_a_name",
      "tests/pipeline/test_output.py::test_a_draft_is_read_before_it_has_a_name_and_becomes_it_wholly")),
    (REDACTION, "there is no output, a reason on standard error, and an exit code other than 0",
     ("no_output_and_a_reason",)),
    (REDACTION, "files in work and files tagged for another look are refused unless",
     ("tests/cli/test_redact.py::test_files_that_are_not_done_are_redacted_only_when_asked",)),
    (REDACTION, "leave to be blacked; in every frame",
     ("tests/cli/test_redact.py::test_deid_rules_and_ultrasound_regions",)),
    (REDACTION, "Marks that it holds are not put on another file: one whose pixel data differ is refused",
     ("tests/pipeline/test_same_file.py::test_another_file_under_the_name_is_refused",
      "tests/pipeline/test_same_file.py::test_what_ocr_found_is_not_put_on_another_file")),
    (REDACTION, "`dcmaudit db identify` notes what lies behind the names now",
     ("tests/pipeline/test_same_file.py::test_who_knows_that_marks_fit_pictures_encoded_anew_says_so",)),
    (REDACTION, "for these the name counts",
     ("tests/pipeline/test_same_file.py::test_a_name_that_nothing_is_noted_of_counts_by_its_name",)),
    (REDACTION, "lies at the same pixels of each plane, as the reviewer shows it",
     ("tests/redact/test_planner.py::test_every_plane_means_the_same_pixels_of_every_plane_as_the_reviewer_shows_them",)),
    (REDACTION, "also takes rectangles of the image to the same place of every overlay, by OverlayOrigin",
     ("tests/redact/test_planner.py::test_the_image_is_carried_to_overlays_through_their_origin",)),
    (REDACTION, "a file known under another one is refused",
     ("tests/cli/test_redact.py::test_a_file_known_under_another_name_gets_its_marks_only_when_asked",)),
    (REDACTION, "a file is refused whose plan does not black all of it",
     ("tests/pipeline/test_previews.py::test_what_was_left_is_refused_and_named",)),
    (REDACTION, "Normally nothing is missing",
     ("tests/pipeline/test_previews.py::test_what_was_left_is_refused_and_named",)),
    (REDACTION, "what a run would refuse or fail is refused there too",
     ("tests/cli/test_redact.py::test_a_dry_run_finds_what_only_the_encoders_know",)),
    (REDACTION, "touched frames coded without further loss; LossyImageCompression stays",
     ("tests/redact/file/test_encodings.py::test_lossy_codestreams_of_which_an_exact_one_may_be_made",)),
    (REDACTION, "every frame becomes lossless JPEG (.70)",
     ("tests/redact/file/test_attributes.py::test_progressive_jpeg_in_any_frame_makes_the_whole_file_lossless_jpeg",)),
    (REDACTION, "refused where a frame would change",
     ("tests/redact/file/test_encodings.py::test_jpeg_xl_with_losses_is_refused",)),
    (REDACTION, "not shown and refused: programs disagree about the order of its bytes",
     ("tests/dicom/test_ge_words.py::test_samples_of_bytes_are_refused_and_not_guessed",)),
    (REDACTION, "a frame that no decoder reads was looked at by nobody, and its file is refused",
     ("a_frame_that_no_decoder_reads",
      "tests/redact/file/test_attributes.py::test_a_frame_that_no_decoder_reads_keeps_the_whole_file_from_being_written")),
    (REDACTION, "all other bits of the cell go too, but those that an overlay uses and the plan does not mark",
     ("tests/redact/file/test_cells_inside.py::test_no_bit_of_the_original_is_left_inside",
      "tests/verify/test_hiding_cells.py::test_nothing_is_hidden_in_the_cells")),
    (REDACTION, "Floating point black is one pattern of bits, never -0", ("black_floats_are_one_pattern",)),
    (REDACTION, "Signed samples of YBR are refused",
     ("tests/redact/file/test_cells_inside.py::test_signed_ybr_has_no_black_for_all_readers_and_is_refused",)),
    (REDACTION, "every frame gets the Adobe segment that says",
     ("tests/redact/file/test_black_for_every_reader.py::test_jpeg_is_black_by_its_header_and_by_itself",)),
    (REDACTION, "frames of one file in different colour spaces",
     ("tests/redact/file/test_black_for_every_reader.py::test_frames_of_different_colour_spaces_fit_no_header_and_are_refused",)),
    (REDACTION, "nobody knows whose coordinates the rectangles have", ("a_size_that_the_codestream_does_not_have",)),
    (REDACTION, "refused where its precision is neither BitsStored nor BitsAllocated",
     ("tests/redact/file/test_black_for_every_reader.py::test_a_sign_in_another_bit_than_the_headers_is_refused",)),
    (REDACTION, "HighBit above BitsStored - 1 | refused",
     ("tests/redact/file/test_black_for_every_reader.py::test_chroma_above_the_lowest_bits_is_refused",)),
    (REDACTION, "another number of bits in a sequential JPEG of YCbCr than BitsStored says | refused",
     ("tests/redact/file/test_black_for_every_reader.py::test_chroma_that_bits_stored_would_cut_is_refused",)),
    (REDACTION, "fewer bits in a lossy JPEG than BitsStored, where black is not 0",
     ("tests/redact/file/test_black_for_every_reader.py::test_black_that_fewer_bits_than_stored_cannot_say_is_refused",)),
    (REDACTION, "refused where its precision is neither BitsStored nor BitsAllocated",
     ("tests/redact/file/test_black_for_every_reader.py::test_a_sign_in_another_bit_than_the_headers_is_refused",)),
    (REDACTION, "signed samples of YBR | refused",
     ("tests/redact/file/test_cells_inside.py::test_signed_ybr_has_no_black_for_all_readers_and_is_refused",)),
    (REDACTION, "Every element is copied byte by byte but for those listed under the proof",
     ("tests/verify/test_hiding_elements.py::test_nothing_is_hidden_around_the_pixels",)),
    (REDACTION, "An image of which something was blacked is DERIVED in ImageType, and so is every FrameType",
     ("only_the_operator_asserts", "tests/redact/file/test_nested.py::test_frames_of_a_derived_image_are_derived")),
    (REDACTION, "writes BurnedInAnnotation NO and the method codes, for only a person can say so",
     ("only_the_operator_asserts",)),
    (REDACTION, "PatientIdentityRemoved is never written", ("only_the_operator_asserts",)),
    (REDACTION, "old UID always becomes the same new one",
     ("uids_are_the_same_within_a_run",
      "tests/pipeline/test_redaction.py::test_new_uids_are_the_same_within_a_run_and_others_in_the_next")),
    (REDACTION, "A file for which then nothing is asked is refused as any other such file",
     ("tests/cli/test_redact.py::test_a_file_with_harmless_text_alone_is_not_passed_off_as_done",)),
    (REDACTION, "references to other instances, whose UIDs this file cannot know, are never changed",
     ("tests/redact/file/test_nested.py::test_references_of_a_file_to_itself_follow_its_new_uids",)),
    (REDACTION, "Each such element is named (tags on the way to it, VR, bytes, reason; never its value)",
     ("private_elements_are_named_and_refused",)),
    (REDACTION, "`refuse` refuses the file", ("private_elements_are_named_and_refused",)),
    (REDACTION, "for files in which nothing is blacked as well",
     ("private_elements_go_where_nothing_is_blacked",)),
    (REDACTION, "An item of a sequence that cannot be read to its end makes the file refused",
     ("an_item_that_cannot_be_read",)),
    (REDACTION, "lists every place in a file where a picture can hide",
     ("tests/verify/test_hiding_codestreams.py::test_nothing_is_hidden_in_the_frames",)),
    (REDACTION, "Inputs are never replaced, with `--overwrite` neither; two inputs never share an output",
     ("tests/cli/test_redact.py::test_overwriting_never_touches_an_input",
      "tests/cli/test_redact.py::test_two_inputs_never_share_an_output")),
    (REDACTION, "nothing has changed since that output was proved",
     ("tests/cli/test_resuming.py::test_an_input_that_is_another_one_since_its_output_was_written_is_not_done",
      "tests/cli/test_resuming.py::test_an_output_that_is_no_longer_what_was_proved_is_not_done",
      "tests/cli/test_resuming.py::test_what_was_made_with_less_than_is_asked_now_is_not_done",
      "tests/cli/test_resuming.py::test_marks_that_came_after_the_output_are_not_passed_over",
      "tests/cli/test_resuming.py::test_a_list_or_rules_that_say_something_else_now_are_asked_anew",
      "tests/pipeline/test_remote.py::test_objects_that_were_replaced_are_not_done")),
    (REDACTION, "Any other output that is there is proved again",
     ("tests/cli/test_resuming.py::test_what_is_asked_in_other_words_is_proved_again_once",
      "tests/cli/test_resuming.py::test_where_nothing_is_noted_outputs_are_proved_again_and_noted",
      "tests/cli/test_resuming.py::test_where_nothing_can_be_noted_all_is_proved_again")),
    (REDACTION, "Of two inputs with one output the second is refused",
     ("tests/cli/test_resuming.py::test_an_input_never_passes_for_done_by_the_output_of_another_one",)),
    (REDACTION, "passes over an input if its output and side files are there",
     ("tests/cli/test_killed_redactions.py::test_a_run_killed_at_any_step_and_resumed_is_an_undisturbed_one",)),
    (REDACTION, "Exit codes: 0 every input was redacted and proved", (
        "tests/cli/test_program.py::test_every_kind_of_end_has_its_code",)),
    (REDACTION, "on every plane of each output",
     ("tests/pipeline/test_text_check.py::test_every_plane_is_looked_at_and_named",)),
    (REDACTION, "copies a file in which nothing is to be blacked, byte by byte",
     ("tests/cli/test_redact.py::test_files_with_nothing_to_redact_are_copied_as_they_are_when_asked_and_seen",)),
    (REDACTION, "that goes for files of the list without a rectangle, too",
     ("tests/cli/test_lists_without_text.py::test_listed_files_without_text_are_copied_where_asked_and_known",
      "tests/cli/test_lists_without_text.py::test_files_of_a_list_that_get_no_output_are_counted")),
    (REDACTION, "only where the database knows that every plane of it was looked at",
     ("tests/cli/test_release.py::test_a_file_that_nobody_opened_is_not_copied_whatever_asks",
      "tests/cli/test_release.py::test_without_a_database_nobody_looked")),
    (REDACTION, "the file is marked done, every plane was seen", (
        "tests/cli/test_release.py::test_done_is_not_enough_and_neither_is_a_glance",)),
    (REDACTION, "Where only the time of change differs",
     ("tests/cli/test_release.py::test_equal_pixels_under_another_time_keep_what_was_seen_of_the_pixels_alone",)),
    (REDACTION, "an engine reached every plane of these very bytes",
     ("tests/cli/test_release.py::test_a_look_with_a_plane_left_out_or_text_above_the_policy_does_not_count",)),
    (REDACTION, "files whose only text was read and judged harmless",
     ("tests/cli/test_release.py::test_a_look_with_a_plane_left_out_or_text_above_the_policy_does_not_count",)),
    (REDACTION, "a file that no decoder reads, or that has nothing to show, is refused",
     ("tests/cli/test_release.py::test_what_no_decoder_reads_is_not_copied_even_where_it_is_said_to_be_seen",)),
    (REDACTION, "they are never called redacted and proved",
     ("tests/cli/test_release.py::test_an_archive_gives_exactly_what_was_looked_at",)),
    (REDACTION, "refused or could not read is listed by `--from-db` too",
     ("tests/cli/test_release.py::test_what_ocr_could_not_look_at_is_named_without_naming_files",)),
    (REDACTION, "below it the name is made as always",
     ("tests/cli/test_release.py::test_partly_audited_outputs_lie_apart_unless_asked",)),
    (REDACTION, "the input is refused until that is taken away",
     ("tests/cli/test_release.py::test_an_output_of_an_earlier_run_in_the_other_folder_is_not_left_beside_the_new_one",)),
    (REDACTION, "A redacted file gets its name only after it was read again from disk",
     ("a_file_is_read_again_before_it_has_a_name",)),
    (REDACTION, "is never accepted because nothing bad is known of it",
     ("tests/verify/test_hiding_elements.py::test_nothing_is_hidden_around_the_pixels",
      "tests/verify/test_hiding_codestreams.py::test_nothing_is_hidden_in_the_frames",
      "tests/verify/test_hiding_cells.py::test_nothing_is_hidden_in_the_cells")),
    (REDACTION, "It can reach nothing that writes, encodes or rewrites",
     ("tests/verify/test_independence.py::test_importing_the_proof_loads_no_writer",
      "tests/verify/test_independence.py::test_the_contract_names_every_module_that_writes")),
    (REDACTION, "What it shares with the rest of the program only reads",
     ("tests/verify/test_independence.py::test_importing_the_proof_loads_no_writer",)),
    (REDACTION, "That is safe for three reasons, which do not rest on these modules",
     ("tests/project/test_imports.py::test_the_documentation_names_what_the_proof_shares_with_the_rewriter_of_jpeg",
      "tests/verify/test_hiding_codestreams.py::test_nothing_is_hidden_in_the_frames",
      "tests/verify/test_kinds.py::test_a_second_decoder_that_shows_another_picture_only_of_the_output_fails_the_proof",
      "tests/redact/jpeg/test_redact_blocks.py::test_libjpeg_reads_the_same_coefficients_outside_and_the_same_as_we_do")),
    (REDACTION, "are named, with their sizes, and such a file is not proved", ("other_programs_words_are_named",)),
    (REDACTION, "nothing is proved by these, so that they are worked out only for a record that is kept",
     ("tests/verify/test_kinds.py::test_digests_are_worked_out_only_for_a_record_that_is_kept",)),
    (REDACTION, "all pixels of the boxes of a plane have one and the same value, bit by bit",
     ("tests/verify/test_hiding_cells.py::test_nothing_is_hidden_in_the_cells",)),
    (REDACTION, "every other stored value of a changed frame is what it was",
     ("tests/verify/test_kinds.py::test_a_larger_box_than_asked_does_not_pass",)),
    (REDACTION, "nothing in them is new",
     ("tests/verify/test_hiding_codestreams.py::test_nothing_is_hidden_in_the_frames",)),
    (REDACTION, "are the same in every cell, or off where they had to be",
     ("tests/verify/test_hiding_cells.py::test_nothing_is_hidden_in_the_cells",)),
    (REDACTION, "every quantised coefficient of every block that no box reaches is the same",
     ("tests/verify/test_mutations.py::test_damage_is_caught",)),
    (REDACTION, "another library reads the same pixels from every changed frame",
     ("tests/verify/test_kinds.py::test_where_there_is_one_decoder_alone_the_record_says_why",)),
    (REDACTION, "a codestream that was written anew has the segments that its picture needs and no others",
     ("tests/verify/test_hiding_codestreams.py::test_nothing_is_hidden_in_the_frames",)),
    (REDACTION, "nothing of the original elsewhere |",
     ("tests/verify/test_guard.py::test_a_copy_of_what_was_blacked_is_found",)),
    (REDACTION, "every offset leads to a frame, and every frame is one fragment",
     ("tests/verify/test_hiding_codestreams.py::test_nothing_is_hidden_in_the_frames",)),
    (REDACTION, "every element of the data set and of its sequences is identical from its tag to its delimiter",
     ("tests/verify/test_hiding_elements.py::test_nothing_is_hidden_around_the_pixels",)),
    (REDACTION, "What may differ, and nothing else:",
     ("tests/verify/test_hiding_elements.py::test_nothing_is_hidden_around_the_pixels",)),
    (REDACTION, "are left out of every codestream, tables are cut to their descriptors",
     ("tests/redact/file/test_attributes.py::test_text_in_jpeg_segments_is_dropped_and_said_to_have_been_there",)),
    (REDACTION, "byte for byte as dcmaudit writes them, only with `--assert-clean`", ("only_the_operator_asserts",)),
    (REDACTION, "the SOP Instance UID is a new one, only with `--new-uids`",
     ("tests/verify/test_mutations.py::test_damage_is_caught",)),
    (REDACTION, "then every frame is compared by its pixels",
     ("tests/verify/test_kinds.py::test_a_transcoded_file_must_say_what_it_is_and_was",)),
    (REDACTION, "every n-th frame is searched for",
     ("tests/verify/test_guard.py::test_a_copy_of_what_was_blacked_is_found",)),
    (REDACTION, "What comes of redacting every real file of the test packages",
     ("tests/pipeline/test_redact_all.py::test_a_real_file_is_proved_or_refused_with_a_reason",)),
]  # fmt: skip


@cache
def sentences(document: str) -> tuple[str, ...]:
    """The sentences of a document, and the lines of its tables, without emphasis and line breaks."""
    found: list[str] = []
    for part in re.split(r"\n\s*\n", (ROOT / document).read_text("utf-8")):
        if part.startswith(("#", "    ", "!")):
            continue
        if part.startswith("|"):
            found += part.split("\n")
            continue
        text = re.sub(r"\s+", " ", part).replace("**", "")
        found += re.split(r"(?<=[.;:])\s+(?=[A-Z`*\[(-])", text)
    return tuple(line.replace("**", "") for line in found)


@pytest.mark.parametrize(("document", "words", "keepers"), PROMISES, ids=[words[:60] for _, words, _ in PROMISES])
def test_a_promise_stands_in_the_document_and_somebody_keeps_it(
    document: str, words: str, keepers: tuple[str, ...]
) -> None:
    whole = re.sub(r"\s+", " ", (ROOT / document).read_text("utf-8")).replace("**", "")
    assert words in whole, f"{document} does not say so any more"
    assert keepers
    for keeper in keepers:
        if "::" not in keeper:
            assert keeper in CHECKS, keeper
            continue
        path, name = keeper.split("::")
        assert name in _names_in(path), f"{keeper} is no test"


@cache
def _names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_promised_is_done(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert any(name in keepers for _, _, keepers in PROMISES), "nobody promises it"
    CHECKS[name](tmp_path, capsys)


@pytest.mark.parametrize("document", [README, REDACTION])
def test_every_sentence_that_promises_something_is_quoted(document: str) -> None:
    quoted = [words for where, words, _ in PROMISES if where == document]
    promising = [one for one in sentences(document) if PROMISING.search(one)]
    known = [*quoted, *NO_PROMISES]
    missing = [one for one in promising if not any(part in one or one in part for part in known)]
    assert promising
    assert missing == []
