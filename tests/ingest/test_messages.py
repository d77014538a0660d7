"""A message made ahead gets its times when it is sent."""

from ingest.messages import Message, patched, zigzag


def test_times_are_patched_in_place() -> None:
    then, now = 1_790_000_000_000, 1_800_000_000_000
    tail = b"\x06app\x00"[-4:]
    message = Message("normal", "u1", b"head" + zigzag(then) * 2 + tail, len(tail), 250, None, None, "landed")
    assert patched(message, now) == b"head" + zigzag(now - 250) + zigzag(now) + tail
