"""The backlog is the same each time, and what must come of it is reckoned right."""

from datetime import timedelta

import pytest

from bench import readers
from bench.backlog import Made, begins_ms, books, made, publish
from errors import CannotRun
from jobs.coupons import Coupons
from ledger.reckoning import rules_of
from settings import Pulsar

RULES = rules_of(Coupons(longest_past=timedelta(days=1)))
BEGINS_MS = 1_800_000_000_000


def view(number: int, repeated: bool = False, product: str = "tea") -> Made:
    step = {"event_type": "product_viewed", "user_id": "anna", "product_id": product, "price_minor": 990}
    return Made("anna", step, f"event-{number}", BEGINS_MS + number, repeated)


def test_a_backlog_is_the_same_each_time() -> None:
    assert list(made(2_000, BEGINS_MS)) == list(made(2_000, BEGINS_MS))


def test_another_seed_is_another_backlog() -> None:
    assert list(made(2_000, BEGINS_MS)) != list(made(2_000, BEGINS_MS, seed=2))


def test_a_hundredth_was_sent_before() -> None:
    messages = list(made(10_000, BEGINS_MS))
    ids = {one.event_id for one in messages}
    repeats = sum(one.repeated for one in messages)
    assert len(messages) - len(ids) == repeats
    assert 50 < repeats < 150


def test_the_third_view_gives_a_coupon_and_a_repeat_does_not() -> None:
    found = books([view(1), view(2), view(2, repeated=True), view(3, product="hats")], RULES)
    # Peers do not deduplicate: for them the repeat is a third view.
    assert (found.messages, found.distinct, found.thirds, len(found.coupons)) == (4, 3, 1, 0)
    found = books([view(1), view(2), view(3)], RULES)
    (coupon,) = found.coupons.values()
    assert (found.thirds, coupon.rule, coupon.cause_event_id) == (1, "hesitation", "event-3")


def test_the_fourth_view_is_no_other_third() -> None:
    assert books([view(number) for number in range(4)], RULES).thirds == 1


def test_partitions_are_dealt_out_to_all() -> None:
    assert readers.shares({0: 5, 1: 6, 2: 7}, 2) == [{0: 5, 2: 7}, {1: 6}]


@pytest.mark.stack
def test_the_loop_agrees_with_the_reckoning(own_topics: Pulsar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_PULSAR_TENANT", own_topics.tenant)
    begins = begins_ms(2_000)
    publish(own_topics, 2_000, begins)
    wanted = books(made(2_000, begins), RULES)
    answer = readers.loop(own_topics, 2)
    assert wanted.thirds > 10
    assert (answer["events"], answer["thirds"]) == (2_000, wanted.thirds)


@pytest.mark.stack
def test_a_topic_that_holds_something_else_is_found_out(own_topics: Pulsar) -> None:
    publish(own_topics, 100, begins_ms(100))
    with pytest.raises(CannotRun, match="200 of 100 events"):
        publish(own_topics, 100, begins_ms(100))
