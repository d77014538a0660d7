"""Messages are made ahead as clients would send them; each gets its times when it is sent."""

from itertools import islice

import pytest

from ingest.lane import varint
from ingest.messages import Message, Simulation, messages, patched
from ingest.publisher import Publisher
from ingest.shop import Shop
from settings import Deferral, Pulsar


def test_times_are_patched_in_place() -> None:
    then, now = 1_790_000_000_000, 1_800_000_000_000
    tail = b"\x06app\x00"[-4:]
    message = Message("normal", "u1", b"head" + varint(then << 1) * 2 + tail, len(tail), 250, None, None, "landed")
    assert patched(message, now) == b"head" + varint(now - 250 << 1) + varint(now << 1) + tail


@pytest.mark.stack
def test_undecodable_message_goes_to_the_topic_of_its_tier_and_never_waits(own_topics: Pulsar) -> None:
    with Publisher(own_topics, deferral=Deferral(when="pressed")) as publisher:
        made = islice(messages(Simulation(undecodable_share=0.5), publisher, Shop()), 4_000)
        found = [message for message in made if message.kind == "undecodable"]
    assert {message.visitor for message in found} == {None}
    assert {message.tier for message in found} == {"none", "silver", "gold", "vip"}
