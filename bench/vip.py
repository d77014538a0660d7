"""Measure VIPs' coupons while everybody else's clicks come at a hundred times their rate, before a standing backlog.

The others' load is more than the jobs do on this machine, so a backlog stands and grows. It runs alone, then beside the
VIPs' usual rate, then beside as many VIPs: what VIPs cost the others are the differences. All loads are open loop
(bench/load.py), from a process each; another receives.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from bench import latency
from bench.live import USUAL_PER_S
from bench.load import BATCH_DELAY_MS, COMPRESSION
from errors import CannotRun
from jobs.submit import submit_and_check
from schemas.topics import CLICKS, CLICKS_VIP
from settings import Pulsar, read
from settings.reader import ROOT
from stack.child import Child, begin, process, ready, told
from stack.private import private
from stack.pulsar_admin import PulsarAdmin

FLOOD_PER_S = 100 * USUAL_PER_S
# More than the jobs do of it until the end.
BACKLOG = 1_000_000
JOBS = ("coupons_vip", "coupons", "landing", "conversion")
SETTINGS = {
    "HONGBAO_PULSAR_VIP_TOPIC": "true",
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
    "HONGBAO_STACK_VIP_MEMORY_MB": "1280",
    # Of a basket left behind nobody waits for the coupon; it would come after the run.
    "HONGBAO_COUPONS_ABANDONED_AFTER": "1 h",
}
# Of the flood before anything counts, and of the VIPs' load: the compiler has seen it, and a checkpoint was taken.
WARM_UP_S = 10
# The flood is the shop's, from machines of its own: it gives way to what is measured, but goes before the others' jobs,
# or it would be none.
SHOP_NICENESS = 3
# Until the last coupons have come.
LAST_S = 5.0

Say = Callable[[str], None]


def run(seconds: float, say: Say = lambda _: None) -> dict[str, Any]:
    """Milliseconds to VIPs' coupons, and events/s of the others, for `seconds` beside VIPs and half of that without.

    For another half VIPs come as a flood of their own: what the others are served at then is what is left to them.

    Raises CannotRun where no backlog stood, or no VIP had a coupon.
    """
    folder, load_before = ROOT / "var" / "bench", os.getloadavg()[0]
    flood_s = 3 * WARM_UP_S + 2 * seconds + LAST_S
    with private(folder, SETTINGS, say):
        receipts = folder / "receipts-vip.jsonl"
        say("making a backlog")
        with _load(f"{BACKLOG}x1s", 3, "none") as backlog:
            ready(backlog)
            begin(backlog)
            told(backlog)
        with (
            process("demo.subscriber", str(receipts)),
            _load(f"{FLOOD_PER_S}x{flood_s:f}s", 1, "none", SHOP_NICENESS) as flood,
            _load(f"{USUAL_PER_S}x{WARM_UP_S + seconds:f}s", 2, "vip") as vips,
            _load(f"{FLOOD_PER_S}x{WARM_UP_S + seconds / 2:f}s", 4, "vip", SHOP_NICENESS) as vip_flood,
        ):
            submit_and_check(JOBS, say)
            say("making the flood")
            for load in (flood, vips, vip_flood):
                ready(load)
            begin(flood)
            time.sleep(WARM_UP_S)
            say("the others alone")
            with counted() as alone:
                time.sleep(seconds / 2)
            begin(vips)
            time.sleep(WARM_UP_S)
            say("beside VIPs")
            with counted() as beside:
                time.sleep(seconds)
            behind_ms = told(vips)["behind_ms"]
            time.sleep(LAST_S)
            begin(vip_flood)
            time.sleep(WARM_UP_S)
            say("beside a flood of VIPs")
            with counted() as flooded:
                time.sleep(seconds / 2)
            # What is due of both floods and was not sent yet ends with them.
        found = figures(alone, beside, flooded, latency.receipts(receipts, 0))
    return {
        "seconds": seconds,
        "load_before": round(load_before, 1),
        "publisher_behind_ms": behind_ms,
        **found,
    }


def _load(profile: str, seed: int, tier: str, niceness: int = 0) -> AbstractContextManager[Child]:
    """Shoppers of one tier, whose events are still being made."""
    way = (str(BATCH_DELAY_MS), COMPRESSION, tier)
    return process("bench.load", profile, str(seed), *way, niceness=niceness, wait=False)


@dataclass
class Counted:
    """What the coupons jobs were handed in a span, and the others' clicks that lay there still at its end."""

    others_per_s: float = 0.0
    vip_per_s: float = 0.0
    begun_ms: float = 0.0
    ended_ms: float = 0.0
    backlog: int = 0
    flood_per_s: float = 0.0


@contextmanager
def counted() -> Iterator[Counted]:
    """What the coupons jobs read while the block runs."""
    found = Counted()
    with PulsarAdmin(read(Pulsar).admin_url) as admin:
        before, found.begun_ms = _read(admin), time.time() * 1000
        yield found
        after, found.ended_ms = _read(admin), time.time() * 1000
    seconds = (found.ended_ms - found.begun_ms) / 1000
    found.others_per_s, found.vip_per_s = ((after[n] - before[n]) / seconds for n in (0, 1))
    found.backlog = after[2] - after[0]
    found.flood_per_s = (after[2] - before[2]) / seconds


def _read(admin: PulsarAdmin) -> tuple[int, int, int]:
    """Messages handed out to who decides the others' coupons and the VIPs', and what came in of the others'."""
    others, vips = (admin.stats(read(Pulsar).topic(topic.path)) for topic in (CLICKS, CLICKS_VIP))
    out = int(others["subscriptions"]["coupons"]["msgOutCounter"])
    return out, int(vips["subscriptions"]["coupons_vip"]["msgOutCounter"]), int(others["msgInCounter"])


def figures(alone: Counted, beside: Counted, flooded: Counted, receipts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """VIPs' latencies at their usual rate, and what the others were served at without, beside that and a flood."""
    counting = [one for one in receipts if beside.begun_ms <= one["occurred_ms"] < beside.ended_ms]
    vips = [one for one in counting if one["lane"] == "vip"]
    if not vips:
        raise CannotRun("bench: no VIP had a coupon")
    if beside.backlog < FLOOD_PER_S:
        raise CannotRun(f"bench: the others' backlog was {beside.backlog:,} at the end; it must be standing")
    return {
        "vip": latency.percentiles(latency.histogram(map(latency.whole_ms, vips))),
        "vip_stages_ms": stages(vips),
        "others_per_s": {
            "alone": round(alone.others_per_s),
            "beside_vips": round(beside.others_per_s),
            "beside_vip_flood": round(flooded.others_per_s),
        },
        "others_backlog": beside.backlog,
        "flood_per_s": round(beside.flood_per_s),
        "vip_per_s": round(beside.vip_per_s),
        "vip_flood_per_s": round(flooded.vip_per_s),
    }


def stages(receipts: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The mean of each stage. When the broker had an event only its landed row says, and a backlog lands late."""
    told = latency.budget({**one, "appended_ms": one["published_ms"]} for one in receipts)
    named = {"broker: to disk and acknowledged": None, "fetch and decode": "broker, fetch and decode"}
    return {str(named.get(name, name)): ms for name, ms in told.items() if named.get(name, name)}
