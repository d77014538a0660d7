"""The VIPs' stocks last through a restart each, and the others' last runs out soon after theirs."""

from collections import defaultdict
from itertools import islice

import pytest

from campaigns.replay import replay
from drills.catalog import ENVELOPES_OF_VIPS
from drills.claimants import claims
from drills.claims import stocks
from drills.envelopes import CLAIMS_PER_S, moments
from tests.campaigns.test_judge import LONGEST_PAST_MS, candidate

# From a kill until coupons flow again, on two cores.
RESTART_S = 25.0
LOAD_S = 180


@pytest.fixture(scope="module")
def times_s() -> dict[tuple[bool, str], list[float]]:
    """When each piece is given, of each part's offer, where nothing is killed."""
    made = islice(claims(1, 1e9, lambda: False), int(LOAD_S * CLAIMS_PER_S))
    began_ms = ENVELOPES_OF_VIPS.starts_ms
    asked = [
        candidate(
            rule="qr_claim" if "store_id" in claim else "app_claim",
            shopper_id=claim["user_id"],
            cause_event_id=f"event-{number}",
            membership_tier=claim["membership_tier"],
            **dict.fromkeys(("occurred_ms", "published_ms", "due_ms"), began_ms + int(number * 1000 / CLAIMS_PER_S)),
        )
        for number, claim in enumerate(made)
    ]
    found: dict[tuple[bool, str], list[float]] = defaultdict(list)
    for outcomes in replay(asked, [ENVELOPES_OF_VIPS], 5, LONGEST_PAST_MS, apart=True):
        for one in outcomes:
            if one.outcome == "issued" and one.proposal.offer is not None:
                who = one.proposal.candidate
                at_s = (who.due_ms - began_ms) / 1000
                found[who.membership_tier == "vip", one.proposal.offer.name].append(at_s)
    return found


def test_a_stock_of_the_vips_lasts_longer_than_a_restart(times_s: dict[tuple[bool, str], list[float]]) -> None:
    when = moments(stocks(ENVELOPES_OF_VIPS, apart=True))
    assert all(stock.vip for stock, _ in when)
    first, second, third = (times_s[stock.vip, stock.offer][pieces - 1] for stock, pieces in when)
    assert second - first > RESTART_S and third - second > RESTART_S


def test_the_others_last_runs_out_while_both_jobs_catch_up(times_s: dict[tuple[bool, str], list[float]]) -> None:
    there = stocks(ENVELOPES_OF_VIPS, apart=True)
    out_s = {stock: times_s[stock.vip, stock.offer][stock.pieces - 1] for stock in there}
    of_vips, of_others = (max(s for stock, s in out_s.items() if stock.vip == vip) for vip in (True, False))
    assert of_vips < of_others < of_vips + RESTART_S
