"""Let more shoppers claim red envelopes than there are, and kill the TaskManagers as stocks run out."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from campaigns.definition import Campaign
from campaigns.folder import valid
from coupons.database import Database
from drills.claims import Stock, stocks
from drills.faults import TASKMANAGER, kill_taskmanagers
from drills.scene import Scene
from errors import CannotRun
from services import inventory
from services.run import database
from settings import Flink, Services, Stack, read
from stack.cluster import VIP
from stack.flink_rest import FlinkRest
from stack.processes import wait_until
from stack.topics import VIP_JOB

CAMPAIGNS = valid(Path(__file__).parent / "campaigns")
# Who does what an envelope promises: hands out prizes, credits points, keeps coupons.
SERVICES = ("inventory", "membership", "marketing")
CLAIMS_PER_S = 100.0
# A stock of two thousand, at the rate above and through two restarts on two cores that do more.
RUNS_OUT_S = 300.0
CHECKPOINT_S = 60.0
# When nothing is left: so many more seconds of claims that only find out.
EMPTY_S = 3.0
# Which job decides coupons where.
DECIDES = {TASKMANAGER: "coupons", VIP: VIP_JOB}
RECEIVED = """
SELECT count(DISTINCT coupon_id) FROM effects
WHERE campaign_id = ? AND offer = ? AND (? AND membership_tier = 'vip') = ?
"""


@contextmanager
def with_services(folder: Path) -> Iterator[dict[str, str]]:
    """Settings of services whose databases lie beside the scene's files."""
    yield {"HONGBAO_SERVICES_DATABASE": f"sqlite:{folder / 'scene'}/{{service}}.db"}


@contextmanager
def with_vips_apart(folder: Path) -> Iterator[dict[str, str]]:
    """The same, and VIPs' coupons in a job and a TaskManager of their own."""
    with with_services(folder) as settings:
        yield {**settings, "HONGBAO_PULSAR_VIP_TOPIC": "true", "HONGBAO_STACK_VIP_MEMORY_MB": "1280"}


def claim_and_kill(campaign: Campaign, *killed: tuple[str, ...]) -> Callable[[Scene], None]:
    """Three kills, each of these TaskManagers together: what no checkpoint knows matters most when the last is given.

    One in the middle of the first stock, one as it runs out and one as the last does, of the VIPs' where they are
    apart. Those between run out while a job catches up.
    """

    def fault(scene: Scene) -> None:
        there = stocks(campaign, read(Stack).vip_apart)
        _stock_prizes(campaign)
        for name in SERVICES:
            scene.start_other(name, "drills.service", name)
        claimants = scene.start_other("claimants", "drills.claimants", str(CLAIMS_PER_S))

        def wait_for(stock: Stock, pieces: int) -> None:
            found = f"{pieces} of {stock.offer}"
            wait_until(found, lambda: received(scene.effects, campaign, stock) >= pieces, RUNS_OUT_S, [claimants])

        for (stock, pieces), names in zip(moments(there), killed, strict=True):
            # Else the next process begins where this one did, and what it has to catch up with only grows.
            for name in names:
                _wait_for_checkpoint(DECIDES[name])
            wait_for(stock, pieces)
            kill_taskmanagers(scene, *names)
        # What does not run out is told by the figures: `left_over`.
        with suppress(CannotRun):
            for stock in there:
                wait_for(stock, stock.pieces)
        time.sleep(EMPTY_S)
        claimants.stop()

    return fault


def moments(there: Sequence[Stock]) -> tuple[tuple[Stock, int], ...]:
    """At so many pieces of a stock received a kill comes."""
    of_part = [stock for stock in there if stock.vip == there[0].vip]
    first, last = of_part[0], of_part[-1]
    return (first, first.pieces // 2), (first, first.pieces), (last, last.pieces)


def _wait_for_checkpoint(job: str) -> None:
    with FlinkRest(read(Flink).rest_url) as rest:
        job_id, called_ms = rest.running_id(job), time.time_ns() // 1_000_000
        wait_until("a new checkpoint", lambda: rest.saved_since(job_id, called_ms), CHECKPOINT_S)


def received(effects: Path, campaign: Campaign, stock: Stock) -> int:
    """How many pieces of the campaign's stock the subscriber has seen."""
    values = (campaign.name, stock.offer, read(Stack).vip_apart, stock.vip)
    with closing(sqlite3.connect(f"{effects.as_uri()}?mode=ro", uri=True, timeout=1)) as opened:
        return opened.execute(RECEIVED, values).fetchone()[0]  # type: ignore[no-any-return]


def _stock_prizes(campaign: Campaign) -> None:
    """Put into inventory's store what the campaign may give away, and not a piece more."""
    found = Database(database(read(Services), "inventory"), inventory.TABLES)
    try:
        with found.transaction() as effects:
            for offer in campaign.offers:
                if offer.kind == "prize" and offer.stock is not None:
                    inventory.put(effects, offer.name, offer.stock)
    finally:
        found.close()
