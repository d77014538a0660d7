"""Compute what became of red envelopes that many claimed: from what landed, what was received, and the services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from campaigns.definition import Campaign
from coupons.database import Database, Effects
from services.run import database, module
from settings import Services, read

QUERY = Path(__file__).parent / "claims.sql"
REFUSED = "SELECT outcome, count(*) FROM decisions WHERE campaign_id = $campaign AND outcome <> 'issued' GROUP BY ALL"
RECEIVED = "SELECT DISTINCT coupon_id FROM effects WHERE campaign_id = $campaign AND kind = $kind"
# Which service does what an offer of a kind promises, and how to ask it for the coupons it has served.
SERVED = {
    "prize": ("inventory", "SELECT coupon_id FROM won WHERE outcome = 'reserved'"),
    "points": ("membership", "SELECT coupon_id FROM given"),
    "coupon": ("marketing", "SELECT coupon_id FROM coupons"),
}


@dataclass(frozen=True)
class Claims:
    """Counts of claims, by a campaign of one envelope a shopper.

    Every claim is issued or refused, `refused` by outcome. Wrong are: `unanswered`, neither; `answered_twice`, two
    envelopes for a claim, or one and a refusal; `beyond_one_a_shopper`; `overspent`, pieces received beyond a stock,
    `overspent_by_vips` of them beyond the VIPs'; `wrongly_refused`, where there was a piece left or the shopper had had
    nothing, or for no reason there is; `not_landed`, received and no decision; `not_served`, received and not done by
    the service for its kind. `left_over` are pieces that nobody got: with any, the load was too low to show something.
    Where VIPs are apart, each part of a stock counts as one.
    """

    made: int
    issued: int
    refused: Mapping[str, int]
    unanswered: int
    answered_twice: int
    beyond_one_a_shopper: int
    overspent: int
    overspent_by_vips: int
    left_over: int
    wrongly_refused: int
    not_landed: int
    not_served: int

    @property
    def wrong(self) -> int:
        """How many promises were broken."""
        return (
            self.unanswered
            + self.answered_twice
            + self.beyond_one_a_shopper
            + self.overspent
            + self.left_over
            + self.wrongly_refused
            + self.not_landed
            + self.not_served
        )


class Stock(NamedTuple):
    """How many pieces of an offer VIPs may have, or all others; where VIPs are not apart, all are others."""

    vip: bool
    offer: str
    pieces: int


STOCKS = pa.schema({"vip": pa.bool_(), "offer": pa.string(), "pieces": pa.int64()})


def stocks(campaign: Campaign, apart: bool) -> list[Stock]:
    """The stocks that a job each counts down, the VIPs' first."""
    parts = {True: campaign.of_part(True), False: campaign.of_part(False)} if apart else {False: campaign}
    return [
        Stock(vip, offer.name, offer.stock)
        for vip, part in parts.items()
        for offer in part.offers
        if offer.stock is not None
    ]


def claims(connection: duckdb.DuckDBPyConnection, campaign: Campaign, apart: bool) -> Claims:
    """What `connection`, with the tables `accepted` and `effects` of a drill, and the services say."""
    there = [stock._asdict() for stock in stocks(campaign, apart)]
    connection.register("stocks", pa.Table.from_pylist(there, STOCKS))
    values = {"campaign": campaign.name}
    answer = connection.execute(QUERY.read_text(encoding="utf-8"), {**values, "apart": apart})
    columns = [column[0] for column in answer.description or []]
    (row,) = answer.fetchall()
    counts = dict(zip(columns, row, strict=True))
    refused = dict(connection.execute(REFUSED, values).fetchall())
    return Claims(
        **counts,
        refused=refused,
        not_served=sum(_not_served(connection, campaign, kind) for kind in SERVED),
    )


def _not_served(connection: duckdb.DuckDBPyConnection, campaign: Campaign, kind: str) -> int:
    rows = connection.execute(RECEIVED, {"campaign": campaign.name, "kind": kind}).fetchall()
    name, query = SERVED[kind]
    return len(
        {coupon_id for (coupon_id,) in rows} - _ask(name, lambda effects: {row[0] for row in effects.execute(query)})
    )


def _ask(name: str, question: Callable[[Effects], set[Any]]) -> set[Any]:
    found = Database(database(read(Services), name), module(name).TABLES)
    try:
        with found.transaction(write=False) as effects:
            return question(effects)
    finally:
        found.close()
