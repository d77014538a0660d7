"""The shop's model is what docs/simulator.md says it is."""

import re
from dataclasses import fields
from itertools import islice

import pytest

from ingest.ledger import SCHEMA
from ingest.shop import Shop, visits
from ingest.simulator import Simulation
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
