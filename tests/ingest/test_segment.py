"""What a crash leaves of a file is cut at the last whole record; what was changed is an error, never a gap."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import SpoolDamaged
from ingest.segment import Segment, frame

SCHEMA = b'{"type": "record"}'
EVENTS = st.lists(
    st.tuples(st.none() | st.text(min_size=1, max_size=5), st.binary(max_size=700), st.integers(0, 1)),
    min_size=1,
    max_size=5,
)
Event = tuple[str | None, bytes, int]


def written(events: list[Event]) -> bytes:
    return b"".join([frame(None, SCHEMA), *(frame(*event) for event in events)])


def recovered(data: bytes, last: bool = True) -> list[Event]:
    """What a file of these bytes holds after recovery; positions are checked on the way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "7.segment"
        path.write_bytes(data)
        segment = Segment.recover(path, last)
        if segment is None:
            assert not path.exists()
            return []
        assert path.stat().st_size == segment.bytes
        found = [record for records, _ in segment.read(0, lambda: True) for record in records]
        assert [position for position, *_ in found] == list(range(7, segment.end))
        return [(key, payload, topic) for _, key, payload, topic in found]


def whole(events: list[Event], length: int) -> list[Event]:
    """Those whose records end within the first `length` bytes."""
    ends = [len(written(events[: count + 1])) for count in range(len(events))]
    return [event for event, end in zip(events, ends, strict=True) if end <= length]


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_every_cut_leaves_the_whole_records_before_it(events: list[Event]) -> None:
    data = written(events)
    for cut in range(len(data) + 1):
        assert recovered(data[:cut]) == whole(events, cut)


@settings(deadline=None, max_examples=30)
@given(EVENTS)
def test_zeros_where_a_power_cut_kept_blocks_from_the_disk_are_cut(events: list[Event]) -> None:
    data = written(events)
    # What was written before stands; of the rest the disk has whole sectors from the front, or none.
    for durable in [len(written(events[:count])) for count in range(len(events))]:
        assert recovered(data[:durable] + bytes(len(data) - durable)) == whole(events, durable)
        for sector in range(durable // 512 * 512 + 512, len(data), 512):
            assert recovered(data[:sector] + bytes(len(data) - sector)) == whole(events, sector)


@settings(deadline=None, max_examples=15)
@given(EVENTS, st.booleans())
def test_every_flipped_bit_is_an_error_that_names_its_record(events: list[Event], last: bool) -> None:
    data = written(events)
    starts = [0, *(len(written(events[:count])) for count in range(len(events)))]
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        record = max(start for start in starts if start <= at)
        with pytest.raises(SpoolDamaged, match=rf"7\.segment: the record at byte {record} is damaged: "):
            recovered(bytes(flipped), last)


def test_segment_that_others_follow_must_be_whole() -> None:
    data = written([("u1", b"one", 0), ("u2", b"two", 0)])
    with pytest.raises(SpoolDamaged, match="the file ends within it"):
        recovered(data[:-1], last=False)


def test_record_larger_than_what_is_read_at_once_is_read() -> None:
    events: list[Event] = [("u1", b"small", 0), ("u2", b"x" * 1_000_000, 1), ("u3", b"small", 0)]
    assert recovered(written(events)) == events
