"""The first lane goes first, and the others are not forgotten."""

from itertools import islice
from pathlib import Path

import pytest

import schemas
from coupons import Effects, Inbox, Message, Subscriber
from coupons.lanes import Turns
from schemas import registry
from schemas.topics import COUPONS, Topic
from settings import Pulsar, Subscribers
from stack.pulsar_admin import PulsarAdmin
from tests.coupons.messages import coupon, publish, running
from tests.databases import rows
from tests.waiting import eventually

VIP = Topic("triggers/coupons-vip", COUPONS.record, 2, "shopper_id")


def served(waiting: list[int], most_in_a_row: int, count: int) -> str:
    """The lanes that get the first `count` turns while so many messages wait in each."""
    turns, left, found = Turns(len(waiting), most_in_a_row), list(waiting), ""
    for _ in range(count):
        for lane in turns.order():
            if left[lane]:
                turns.took(lane)
                left[lane] -= 1
                found += str(lane)
                break
            turns.empty(lane)
    return found


def test_lower_lane_gets_its_turn_after_so_many_of_the_higher() -> None:
    assert served([100, 100], 3, 9) == "000100010"


def test_lane_alone_waits_for_nobody() -> None:
    assert served([4, 0], 3, 4) == "0000"
    assert served([0, 4], 3, 4) == "1111"


def test_three_lanes_all_get_turns() -> None:
    turns = served([100, 100, 100], 3, 40)
    assert turns.count("0") > turns.count("1") >= turns.count("2") > 5


def test_what_comes_after_a_pause_has_no_turns_saved_up() -> None:
    turns = Turns(2, 3)
    for _ in range(10):
        turns.took(0)
    assert list(turns.order()) == [1, 0]
    turns.empty(1)
    assert list(islice(turns.order(), 1)) == [0]


@pytest.mark.stack
@pytest.mark.timeout(120)
def test_vip_coupons_go_first_while_both_topics_have_some(own_topics: Pulsar, tmp_path: Path) -> None:
    with PulsarAdmin(own_topics.admin_url) as admin:
        admin.call("PUT", f"/persistent/{own_topics.tenant}/{VIP.path}/partitions", VIP.partitions)
    registry.register_one(own_topics, VIP, schemas.load(VIP.record))
    url = f"sqlite:{tmp_path}/service.db"
    tables = ("CREATE TABLE IF NOT EXISTS shown (lane TEXT NOT NULL)",)

    def show(effects: Effects, message: Message) -> None:
        effects.execute("INSERT INTO shown VALUES (:lane)", lane=message.value["lane"])

    def marketing(config: Subscribers) -> Subscriber:
        handlers = {"coupon_trigger": show}
        return Subscriber(
            own_topics,
            topics=(VIP, COUPONS),
            subscription="marketing",
            inbox=Inbox(url, tables),
            handlers=handlers,
            config=config,
        )

    # The subscription first, so that everything waits when the service comes back.
    with running(marketing(Subscribers())):
        pass
    publish(own_topics, [coupon(f"u{number % 20}") for number in range(300)], COUPONS)
    publish(own_topics, [coupon(f"v{number % 20}", "vip") for number in range(300)], VIP)
    with running(marketing(Subscribers(most_in_a_row=5))):
        eventually(lambda: len(rows(url, "SELECT lane FROM shown")), 600)
    lanes = [lane for (lane,) in rows(url, "SELECT lane FROM shown ORDER BY rowid")]
    last_vip = len(lanes) - lanes[::-1].index("vip")
    both_wait = lanes[:last_vip]
    # Of six turns the vip lane has five; the first few may find its consumer still fetching.
    assert both_wait.count("vip") == 300
    assert 40 <= both_wait.count("normal") <= 90
    # And never more than five in a row while a normal one waits.
    assert "vip vip vip vip vip vip" not in " ".join(both_wait[20:])
