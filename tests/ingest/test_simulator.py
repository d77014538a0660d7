"""The shop model does what its parameters say, and the profile what it is asked."""

import itertools
import random

import pytest

from errors import SettingsError
from ingest.event_id import EventIds
from ingest.profile import parse, schedule
from ingest.shop import Shop, visits


def test_same_seed_gives_the_same_visits() -> None:
    first, second = (list(itertools.islice(visits(Shop(), 7), 200)) for _ in range(2))
    assert first == second
    assert first != list(itertools.islice(visits(Shop(), 8), 200))


def test_shares_are_as_stated() -> None:
    many = list(itertools.islice(visits(Shop(), 1), 20_000))
    scans = sum(visit[0]["event_type"] == "qr_scanned" for visit in many) / len(many)
    anonymous = sum(visit[0]["user_id"] is None for visit in many) / len(many)
    assert scans == pytest.approx(Shop().scans_code, rel=0.2)
    assert anonymous == pytest.approx(Shop().anonymous_share, rel=0.05)


def test_nobody_pays_without_a_checkout() -> None:
    for visit in itertools.islice(visits(Shop(), 1), 5_000):
        kinds = [step["event_type"] for step in visit]
        if "order_completed" in kinds:
            assert kinds.index("checkout_started") < kinds.index("order_completed")


def test_few_products_sell_a_lot() -> None:
    seen = [
        step["product_id"]
        for visit in itertools.islice(visits(Shop(), 1), 5_000)
        for step in visit
        if step["event_type"] == "product_viewed"
    ]
    top = sorted((seen.count(product) for product in set(seen)), reverse=True)
    assert sum(top[:40]) > len(seen) / 2


def test_profile_gives_each_phase_its_events_in_time() -> None:
    phases = parse("steady=100x2s,ramp=100-300x2s,burst=1000x1s")
    planned = list(schedule(phases))
    assert [sum(name == phase.name for name, _, _ in planned) for phase in phases] == [200, 400, 1000]
    due = [due_s for _, due_s, _ in planned]
    assert due == sorted(due)
    assert due[200] == pytest.approx(2.0)
    assert due[-1] < 5.0


def test_profile_that_cannot_be_read_is_quoted() -> None:
    with pytest.raises(SettingsError, match="'fast' is no phase; write name=RATExSECONDSs"):
        parse("steady=1x1s,fast")


def test_ids_sort_by_the_order_they_were_made_in() -> None:
    ids = EventIds(random.Random(1))
    made = [ids.next(1_800_000_000_000 + number // 5_000) for number in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {one[14] for one in made} == {"7"}
    assert {one[19] for one in made} <= set("89ab")
