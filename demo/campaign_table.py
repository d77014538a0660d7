"""Tell the sale of campaigns in a terminal: a row a campaign, and below it what no row can say."""

from collections.abc import Iterator
from typing import Any

from demo.campaign_figures import CampaignSale, Uplift

COUNTS = ("triggered", "capped", "cooled_down", "held_out", "out_of_budget", "issued", "redeemed", "overspend")


def table(sale: CampaignSale) -> list[dict[str, Any]]:
    """A row a campaign; an uplift is in points, with its interval of 95 %, and the truth beside it."""
    return [
        {
            "campaign": one.name,
            **{name.replace("_", " "): f"{getattr(one, name):,}" for name in COUNTS},
            "p99 ms": _whole(one.p99_ms),
            "uplift": _interval(one.uplift),
            "truth": _points(one.uplift.truth),
        }
        for one in sale.campaigns
    ]


def sentences(sale: CampaignSale) -> Iterator[str]:
    """What else there is to say, a line each."""
    vip, cost = sale.vip, sale.governance_us
    yield f"p99 of the vip lane {_whole(vip['p99_ms'])} ms, of the normal one {_whole(vip['normal_p99_ms'])} ms"
    yield f"governance costs a candidate {cost['p50']} us, one in a hundred {cost['p99']} us or more"
    for change in sale.changes:
        yield (
            f"{change.campaign}: version {change.version} was taken up after {change.taken_up_s} s; "
            f"{change.before:,} decisions before it, {change.after:,} by it"
        )
    yield "\n  ".join(("a wrong file published nothing; apply said", *sale.wrong_file))
    record = sale.wrong_record
    if record is not None:
        yield (
            f"version {record.version} of {record.campaign}, which is none, got onto the topic all the same; the job "
            f"said\n  {record.said}\n  and made {record.decisions_after:,} decisions by the version before it"
        )
    yield f"{'held' if not sale.failures else 'not held'} after {sale.seconds:.0f} s"


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _points(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:+.1f}"


def _interval(uplift: Uplift) -> str:
    return f"{_points(uplift.estimate)} [{_points(uplift.low)}, {_points(uplift.high)}]"
