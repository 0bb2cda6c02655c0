"""Addresses of planes, groups and runs of frames; their texts: what one function writes another reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.errors import UsageError
from dcmaudit.model import (
    FRAMES,
    AddressKind,
    Everywhere,
    FrameAddress,
    FrameRange,
    GroupAddress,
    IconAddress,
    OverlayAddress,
    PlaneAddress,
    PlaneGroup,
    PlaneKind,
    PlaneSpan,
    Scope,
    Size,
    StrayBitAddress,
    ThumbnailAddress,
    UnshownAddress,
    frame_of,
    group_of,
    parse_key,
)
from dcmaudit.model.addresstexts import (
    csv_columns,
    parse_csv,
    parse_group,
    parse_scope,
    parse_shared,
    parse_sight,
    scope_text,
    shared_columns,
    sight_columns,
)

frames = st.integers(0, 2**31 - 1)
shown: st.SearchStrategy[PlaneAddress] = st.one_of(
    st.builds(FrameAddress, frames),
    st.builds(OverlayAddress, st.integers(0, 127).map(lambda n: 0x6000 + 2 * n), frames),
    st.builds(StrayBitAddress, st.integers(0, 63), frames),
    st.builds(IconAddress, frames),
    st.builds(ThumbnailAddress, frames, st.integers(0, 9999)),
)
addresses = st.one_of(shown, st.builds(UnshownAddress, frames))
scopes: st.SearchStrategy[Scope] = st.one_of(shown, st.sampled_from(Everywhere))
texts = st.one_of(
    st.text(max_size=8),
    st.from_regex(r"[fobitx]?[0-9A-Fa-f]{0,5}\.?-?\d{0,3}", fullmatch=True),
    st.sampled_from(["f", "i", "x", "all frames", "o6000", "t0", "f\u0663", "f01", "b64.0", "o60fe.0"]),
)


@given(addresses)
def test_a_key_leads_back_to_its_plane(address: PlaneAddress) -> None:
    assert parse_key(address.key) == address


@given(texts)
def test_what_is_read_as_a_key_is_the_key_that_is_written(text: str) -> None:
    try:
        address = parse_key(text)
    except UsageError as error:
        assert "allowed: f3, o6000.3, b12.3, i0, t3.0, x0" in str(error.hint)
    else:
        assert address.key == text


@given(addresses)
def test_a_plane_is_its_group_and_its_frame(address: PlaneAddress) -> None:
    group = group_of(address)
    assert group.plane(frame_of(address)) == address
    assert parse_group(group.key) == group
    assert address in PlaneSpan.of(address)


@given(addresses, addresses)
def test_a_span_of_one_plane_holds_no_other(one: PlaneAddress, other: PlaneAddress) -> None:
    assert (one in PlaneSpan.of(other)) is (one == other)


@given(texts)
def test_what_is_read_as_a_group_is_the_group_that_is_written(text: str) -> None:
    try:
        group = parse_group(text)
    except UsageError as error:
        assert "allowed: f, o6000, b12, i0, t0, x0" in str(error.hint)
    else:
        assert group.key == text


@given(scopes)
def test_a_scope_leads_back_to_what_it_means(scope: Scope) -> None:
    assert parse_scope(scope_text(scope)) == scope


@given(texts)
def test_what_is_read_as_a_scope_is_the_text_that_is_written(text: str) -> None:
    try:
        scope = parse_scope(text)
    except UsageError as error:
        assert "all frames, all overlays, all planes" in str(error.hint)
    else:
        assert scope_text(scope) == text


@given(scopes)
def test_the_two_columns_of_the_shared_table_lead_back_to_what_they_mean(scope: Scope) -> None:
    columns = shared_columns(scope)
    is_expressible = isinstance(scope, FrameAddress | OverlayAddress) or scope is Everywhere.ALL_PLANES
    assert (columns is not None) is is_expressible
    if columns is not None:
        assert parse_shared(*columns) == scope


@given(st.integers(-3, 200), st.integers(-3, 200))
def test_two_columns_that_mean_something_are_those_that_are_written(frame: int, overlay: int) -> None:
    try:
        scope = parse_shared(frame, overlay)
    except UsageError as error:
        assert f"frame {frame}, overlay {overlay}" in error.message
        assert "overlays 0 to 127" in error.message
    else:
        assert shared_columns(scope) == (frame, overlay)


@given(addresses)
def test_the_columns_of_what_was_seen_lead_back_to_the_planes(address: PlaneAddress) -> None:
    assert list(parse_sight(*sight_columns(PlaneSpan.of(address)))) == [PlaneSpan.of(address)]


def test_icons_share_a_group_in_the_table_of_what_was_seen_as_they_always_did() -> None:
    assert sight_columns(PlaneSpan.of(IconAddress(3))) == ("i", FrameRange(3, 4))
    assert sight_columns(PlaneSpan.of(UnshownAddress(0))) == ("x", FrameRange(0, 1))
    assert sight_columns(PlaneSpan.of(ThumbnailAddress(5, 1))) == ("t1", FrameRange(5, 6))
    assert [span.group.key for span in parse_sight("i", FrameRange(1, 3))] == ["i1", "i2"]
    for text in ("i0", "x3", "b", "o6001", "f0", ""):
        with pytest.raises(UsageError):
            list(parse_sight(text, FrameRange(0, 1)))


@given(addresses)
def test_the_columns_of_a_list_of_findings_lead_back_to_the_plane(address: PlaneAddress) -> None:
    frame, overlay = csv_columns(address)
    assert parse_csv(str(frame), str(overlay)) == address
    assert parse_csv(f"{frame}.0", f" {overlay} ") == address  # as a spreadsheet saves it


@given(scopes)
def test_the_columns_of_a_list_of_rectangles_lead_back_to_what_they_mean(scope: Scope) -> None:
    frame, overlay = csv_columns(scope)
    assert parse_csv(str(frame), str(overlay)) == scope


@given(scopes)
def test_the_columns_of_the_export_lead_back_to_what_they_mean(scope: Scope) -> None:
    columns = shared_columns(scope)
    if columns is None:
        assert parse_csv("", "", scope_text(scope)) == scope
    else:
        assert parse_csv(str(columns[0]), str(columns[1])) == scope


@pytest.mark.parametrize(
    ("frame", "overlay", "scope", "message"),
    [
        ("5", "b12.3", "", "frame 5 and overlay b12.3 name two places"),
        ("1", "i0", "", "frame 1 and overlay i0 name two places"),
        ("0", "-1", "all frames", "dcmaudit_scope all frames and frame 0, overlay -1 both say where"),
        ("3", "all frames", "", "frame 3 and overlay all frames name two places"),
        ("", "-1", "", "frame is no whole number"),
        ("1.5", "-1", "", "frame is no whole number"),
        ("\u0663", "-1", "", "frame is no whole number"),
        ("-1", "0", "", "frame -1, overlay 0 is no plane"),
        ("-1", "3", "", "frame -1, overlay 3 is no plane"),
        ("0", "128", "", "frame 0, overlay 128 is no plane"),
        ("0", "i", "", "'i' is no plane"),
        ("", "", "x0", "'x0' is no place on a file"),
    ],
)
def test_a_line_that_says_where_in_no_way_or_in_two_is_refused(
    frame: str, overlay: str, scope: str, message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        parse_csv(frame, overlay, scope)
    assert message in raised.value.message


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (3, 2), (-1, 1)])
def test_a_range_of_frames_is_never_empty_and_counts_from_0(start: int, stop: int) -> None:
    with pytest.raises(UsageError):
        FrameRange(start, stop)


def test_a_range_of_frames_leaves_its_end_out() -> None:
    found = FrameRange(2, 5)
    assert (list(found), len(found), found.last) == ([2, 3, 4], 3, 4)
    assert (2 in found, 4 in found, 5 in found) == (True, True, False)


@pytest.mark.parametrize(
    ("kind", "number"),
    [(AddressKind.FRAME, 1), (AddressKind.OVERLAY, 0), (AddressKind.OVERLAY, 0x6001), (AddressKind.ICON, -1)],
)
def test_a_group_that_cannot_be_is_refused(kind: AddressKind, number: int) -> None:
    with pytest.raises(UsageError):
        GroupAddress(kind, number)


def test_a_group_of_one_plane_has_no_second_one() -> None:
    with pytest.raises(UsageError):
        GroupAddress(AddressKind.ICON, 0).plane(1)


def test_overlays_are_addressed_alike_wherever_their_bits_are() -> None:
    size = Size(4, 4)
    for kind in (PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY):
        assert PlaneGroup(kind, 0x6002, range(1), size).where == GroupAddress(AddressKind.OVERLAY, 0x6002)
    assert PlaneGroup(PlaneKind.FRAME, 0, range(9), size).where == FRAMES


def test_what_has_no_pixels_holds_no_rectangle() -> None:
    with pytest.raises(UsageError, match="cannot be shown"):
        scope_text(UnshownAddress(0))
