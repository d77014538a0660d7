"""The shop's model is what docs/simulator.md says it is."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import fields
from itertools import islice

import pytest

from ingest.ledger import SCHEMA
from ingest.messages import Simulation
from ingest.shop import SALE, Shop, visits
from jobs.coupons import Coupons
from ledger.event import Event
from ledger.moments import PATTERNS, moments
from ledger.reckoning import rules_of
from settings import read
from settings.reader import ROOT

DOCS = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
# First cells of the tables, and the second ones.
CELLS = re.findall(r"^\| (.+?) \| (.+?) \|", DOCS, re.MULTILINE)
NAMED = {
    name: value for names, values in CELLS for name, value in zip(names.split(", "), values.split("; "), strict=False)
}


def test_docs_name_every_probability_with_its_value() -> None:
    shop = Shop()
    model = [field.name for field in fields(Shop) if field.init and field.name != "campaign_id"]
    documented = {name: float(NAMED[f"`{name}`"].replace(",", "")) for name in model}
    assert documented == {name: getattr(shop, name) for name in model}


def test_docs_name_every_kind_of_mischief_with_its_share() -> None:
    shares = {name: share for name, share in Simulation().model_dump().items() if name.endswith("_share")}
    documented = {name: float(NAMED[f"`{name.removesuffix('_share')}`"].removesuffix(" %")) / 100 for name in shares}
    assert documented == pytest.approx(shares)


def test_docs_name_every_column_of_the_ledger() -> None:
    assert [name for name in SCHEMA.names if f"`{name}`" not in NAMED] == []


def test_funnel_is_what_the_docs_say() -> None:
    views = adds = lines = baskets = orders = 0
    looked_at: dict[str, int] = {}
    for steps in islice(visits(Shop(), 1), 40_000):
        kinds = [step["event_type"] for step in steps]
        views, adds = views + kinds.count("product_viewed"), adds + kinds.count("product_added")
        lines, orders = lines + kinds.count("order_completed"), orders + ("order_completed" in kinds)
        baskets += kinds.count("product_added") > kinds.count("product_removed")
        for step in steps:
            if step["event_type"] == "product_viewed":
                looked_at[step["product_id"]] = looked_at.get(step["product_id"], 0) + 1
    top = sorted(looked_at.values(), reverse=True)[: Shop().products // 10]
    assert f"the first tenth of the products gets {sum(top) / views:.0%} of the views".replace("%", " %") in DOCS
    for figure, share in {
        "adds / views": f"{adds / views:.1%}",
        "order lines / adds": f"{lines / adds:.0%}",
        "baskets left behind": f"{1 - orders / baskets:.0%}",
        "visits with an order": f"{orders / 40_000:.1%}",
    }.items():
        assert NAMED[figure] == share.replace("%", " %")


def test_what_is_off_by_default_leaves_the_stream_that_figures_were_measured_on() -> None:
    stream = json.dumps(list(islice(visits(Shop(), 1), 1_000))).encode()
    assert hashlib.sha256(stream).hexdigest() == "d1ec9d3f8c4b9650e09c404c9935550d2906d9b6b2622cf87f5e5e1e9d11a500"


def found(shop: Shop, count: int) -> Counter[str]:
    """How often each pattern for campaigns matches in so many visits, a step every 10 ms."""
    courses: dict[str, list[Event]] = {}
    steps = (step for steps in islice(visits(shop, 1), count) for step in steps)
    for number, step in enumerate(steps):
        at_ms = number * 10
        fields = {name: step.get(name) for name in ("product_id", "price_minor", "quantity", "currency", "order_id")}
        event = Event(str(number), step["event_type"], at_ms, at_ms, store_id=step.get("store_id"), **fields)
        courses.setdefault(step["user_id"] or step["anonymous_id"], []).append(event)
    rules = rules_of(read(Coupons)).thresholds
    assert rules is not None
    return Counter(moment.rule for events in courses.values() for moment in moments(events, rules))


def test_a_sale_has_candidates_for_every_pattern_that_takes_no_weeks_and_as_many_as_the_docs_say() -> None:
    counts = found(SALE, 35_000)
    assert set(PATTERNS) - set(counts) == {"lapsed_buyer"}
    for rule, said in {
        "basket_threshold": "baskets above the\nthreshold",
        "checkout_hesitation": "hesitations at checkout",
        "price_drop": "price drops",
        "app_claim": "claims in the app",
    }.items():
        assert f"{counts[rule]:,} {said}" in DOCS
    assert "price_drop" not in found(Shop(), 5_000)


def test_a_price_changes_only_between_visits_and_for_the_share_of_products_asked() -> None:
    prices: dict[str, set[int]] = {}
    for steps in islice(visits(SALE, 1), 5_000):
        of_visit: dict[str, set[int]] = {}
        for step in steps:
            if "price_minor" in step:
                of_visit.setdefault(step["product_id"], set()).add(step["price_minor"])
        assert all(len(seen) == 1 for seen in of_visit.values())
        for product, seen in of_visit.items():
            prices.setdefault(product, set()).update(seen)
    repriced = [seen for seen in prices.values() if len(seen) == 2]
    assert len(repriced) / len(prices) == pytest.approx(SALE.repriced, abs=0.05)
    assert all(min(seen) == max(seen) * 80 // 100 for seen in repriced)
