from __future__ import annotations

import io
import pickle
import random
import struct
from itertools import pairwise

import numpy as np
import obstore
import pytest

from dcmaudit.dicom import open_instance
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.fragments import walk_fragments
from dcmaudit.errors import SourceNotFoundError, SourceUnreadableError
from dcmaudit.sources import ObjectReference
from dcmaudit.sources.s3.cache import BLOCK, BlockCache
from dcmaudit.sources.s3.client import client_for
from dcmaudit.sources.s3.reader import READ_AHEAD, ObjectReader
from support.files import EXPLICIT, dataset, file_bytes
from support.s3server import BadNetwork, Server

BYTES = np.random.default_rng(1).bytes(3 * 2**20 + 17)


@pytest.fixture(scope="module")
def filled(server: Server) -> str:
    bucket = server.new_bucket()
    frames = np.random.default_rng(1).integers(0, 255, (40, 512, 512), np.uint8)
    server.fill(
        bucket,
        {"bytes": BYTES, "empty": b"", "one": b"1", "block": b"b" * BLOCK,
         "frames.dcm": file_bytes(dataset(frames, frames=40), EXPLICIT)},
    )  # fmt: skip
    return bucket


def reader(bucket: str, key: str) -> ObjectReader:
    return ObjectReader(client_for(bucket), key, f"s3://{bucket}/{key}", cache=BlockCache())


def test_any_reads_give_the_bytes_of_the_object(entered: Server, filled: str) -> None:
    chance = random.Random(2)  # noqa: S311 no secret
    with ObjectReference(f"s3://{filled}/bytes").open() as stream:
        model = io.BytesIO(BYTES)
        for _ in range(300):
            place, length = chance.randrange(len(BYTES) + 100), chance.choice([0, 1, 8, 100, 70_000, 400_000])
            stream.seek(place)
            model.seek(place)
            data = stream.read(length)
            assert type(data) is bytes
            assert data == model.read(length)
        assert stream.seek(0, io.SEEK_END) == len(BYTES)
        assert stream.read() == b""


@pytest.mark.parametrize("key", ["empty", "one", "block"])
def test_small_objects_are_read_whole(entered: Server, filled: str, key: str) -> None:
    with ObjectReference(f"s3://{filled}/{key}").open() as stream:
        assert stream.read() == {"empty": b"", "one": b"1", "block": b"b" * BLOCK}[key]


def test_a_jump_fetches_one_block_and_the_same_place_again_nothing(entered: Server, filled: str) -> None:
    stream = reader(filled, "bytes")
    stream.seek(2_000_000)
    stream.read(10)
    assert (stream.requests, stream.fetched) == (2, 2 * BLOCK)
    stream.seek(2_000_001)
    stream.read(10)
    assert stream.requests == 2


def test_a_long_read_is_one_request(entered: Server, filled: str) -> None:
    stream = reader(filled, "bytes")
    stream.seek(BLOCK * 4)
    buffer = bytearray(BLOCK * 6)
    assert stream.readinto(buffer) == len(buffer)
    assert stream.requests == 2


def test_reading_straight_on_needs_few_requests(entered: Server, filled: str) -> None:
    stream = reader(filled, "bytes")
    while stream.read(8192):
        pass
    assert stream.fetched == len(BYTES)
    assert stream.requests < 16


def test_the_cache_keeps_to_its_limit() -> None:
    from dcmaudit.sources.s3.cache import Version

    cache, version = BlockCache(10 * BLOCK), Version("a", "e", 10**9)
    for number in range(1000):
        cache.put(version, number, bytes(BLOCK))
        assert cache.held <= 10 * BLOCK
    assert cache.get(version, 999) is not None
    assert cache.get(version, 0) is None
    assert READ_AHEAD >= BLOCK


def test_a_frame_of_many_costs_the_header_and_that_frame(entered: Server, filled: str) -> None:
    reference = ObjectReference(f"s3://{filled}/frames.dcm")
    with reference.open() as stream:
        raw = stream.raw  # type: ignore[attr-defined]
        assert raw.version.size > 40 * 512 * 512
    with open_instance(reference) as instance:
        samples = instance.read(instance.planes[30].address)
    expected = np.random.default_rng(1).integers(0, 255, (40, 512, 512), np.uint8)[30]
    assert np.array_equal(samples.array, expected)


def test_of_large_fragments_without_a_table_only_the_heads_are_read(entered: Server) -> None:
    item = struct.Struct("<HHL").pack
    frames = [b"\xff\xd8\xff" + np.random.default_rng(n).bytes(300_001) for n in range(40)]
    body = (
        item(0xFFFE, 0xE000, 0) + b"".join(item(0xFFFE, 0xE000, len(f)) + f for f in frames) + item(0xFFFE, 0xE0DD, 0)
    )
    bucket = entered.new_bucket()
    entered.fill(bucket, {"x": body})
    with ObjectReference(f"s3://{bucket}/x").open() as stream:
        raw = stream.raw  # type: ignore[attr-defined]
        before = raw.fetched
        found = walk_fragments(ByteSource(stream), 0)
        assert list(found.lengths) == [len(frame) for frame in frames]
        assert (found.end, found.cut) == (len(body), False)
        assert raw.fetched - before < 41 * 64
        stream.seek(0)
        assert stream.read(3) == body[:3]


def test_a_glance_gives_the_bytes_that_are_there_and_notices_another_object(entered: Server, filled: str) -> None:
    bucket = entered.new_bucket()
    entered.fill(bucket, {"x": BYTES})
    raw = ObjectReference(f"s3://{bucket}/x").open().raw  # type: ignore[attr-defined]
    for place in (0, 100, BLOCK - 5, 3 * BLOCK - 5, len(BYTES) - 10, len(BYTES), len(BYTES) + 5):
        assert raw.glance(place, 64) == BYTES[place : place + 64]
    entered.fill(bucket, {"x": b"z" + BYTES[1:]})
    assert raw.glance(10, 20) == BYTES[10:30]  # held
    with pytest.raises(SourceUnreadableError, match="replaced"):
        raw.glance(5 * BLOCK, 64)


def test_an_object_that_is_replaced_while_it_is_read_is_refused(entered: Server) -> None:
    bucket = entered.new_bucket()
    entered.fill(bucket, {"x": BYTES})
    with ObjectReference(f"s3://{bucket}/x").open() as stream:
        assert stream.read(10) == BYTES[:10]
        entered.fill(bucket, {"x": bytes(len(BYTES))})
        stream.seek(2 * 2**20)
        with pytest.raises(SourceUnreadableError, match="replaced"):
            stream.read(10)
    # Whoever opens it again sees the new object, not blocks of the old one.
    with ObjectReference(f"s3://{bucket}/x").open() as stream:
        assert stream.read(10) == bytes(10)


def test_an_object_that_is_deleted_while_it_is_read_is_refused(entered: Server) -> None:
    bucket = entered.new_bucket()
    entered.fill(bucket, {"x": BYTES})
    with ObjectReference(f"s3://{bucket}/x").open() as stream:
        obstore.delete(entered.store(bucket), "x")
        stream.seek(2 * 2**20)
        with pytest.raises(SourceUnreadableError, match="deleted"):
            stream.read(10)


def test_a_replaced_instance_is_refused_as_an_instance_too(entered: Server) -> None:
    bucket = entered.new_bucket()
    frames = np.zeros((8, 512, 512), np.uint8)
    entered.fill(bucket, {"x": file_bytes(dataset(frames, frames=8), EXPLICIT)})
    with open_instance(ObjectReference(f"s3://{bucket}/x")) as instance:
        entered.fill(bucket, {"x": file_bytes(dataset(frames + 1, frames=8), EXPLICIT)})
        with pytest.raises(SourceUnreadableError, match="replaced"):
            instance.read(instance.planes[7].address)


def test_a_connection_that_is_cut_is_taken_up_again(network: BadNetwork, filled: str) -> None:
    with ObjectReference(f"s3://{filled}/bytes").open() as stream:
        network.cut, network.cut_after = 2, 100_000
        stream.seek(2**20)
        assert stream.read(2**20) == BYTES[2**20 : 2**21]
    assert network.cut == 0


def test_a_connection_that_is_always_cut_ends_with_an_error_that_names_the_object(
    network: BadNetwork, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.sources.s3.client.RETRIES", 1)
    network.cut, network.cut_after = 10**6, 30_000
    with pytest.raises(SourceUnreadableError) as caught:
        ObjectReference(f"s3://{filled}/bytes").open()
    assert caught.value.file == f"s3://{filled}/bytes"
    assert caught.value.__cause__ is None


def test_a_slow_server_is_waited_for(network: BadNetwork, filled: str) -> None:
    network.delay = 0.3
    with ObjectReference(f"s3://{filled}/bytes").open() as stream:
        assert stream.read(100) == BYTES[:100]


def test_a_server_that_says_nothing_is_given_up(
    network: BadNetwork, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.sources.s3.client.RETRIES", 0)
    monkeypatch.setattr("dcmaudit.sources.s3.client.STALL_SECONDS", 0.5)
    network.delay = 5
    with pytest.raises(SourceUnreadableError):
        ObjectReference(f"s3://{filled}/bytes").open()


def test_references_hold_no_credentials_and_cross_process_borders(entered: Server, filled: str) -> None:
    reference = ObjectReference(f"s3://{filled}/one")
    packed = pickle.dumps(reference)
    for value in entered.environment().values():
        assert value.encode() not in packed
    with pickle.loads(packed).open() as stream:  # noqa: S301 our own
        assert stream.read() == b"1"


@pytest.mark.parametrize("name", ["s3://", "s3://x", "s3:///key", "s3://a b/key", "s3://buck/a//b", "s3://buck/../x"])
def test_names_that_no_object_can_have_are_refused(entered: Server, name: str) -> None:
    with pytest.raises(SourceNotFoundError):
        ObjectReference(name).open()


@pytest.mark.parametrize("key", ["a b+c", "50%20", "q?x=1#f", "é/ü", "~t*[1]", "plus+", "a=b&c", "quote'\"", "ß" * 100])
def test_keys_of_any_letters_are_read(entered: Server, filled: str, key: str) -> None:
    entered.fill(filled, {f"odd/{key}": key.encode()})
    with ObjectReference(f"s3://{filled}/odd/{key}").open() as stream:
        assert stream.read() == key.encode()


def test_blocks_of_a_short_last_part_are_whole(entered: Server, filled: str) -> None:
    stream = reader(filled, "bytes")
    places = [0, len(BYTES) - 17, len(BYTES) - BLOCK - 1, len(BYTES)]
    for start, end in pairwise(sorted(places)):
        stream.seek(start)
        assert stream.read(end - start) == BYTES[start:end]
