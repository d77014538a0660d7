"""Let more shoppers claim red envelopes than there are, and kill the TaskManager as stocks run out."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from campaigns.folder import valid
from coupons.database import Database
from drills.faults import kill_taskmanager
from drills.scene import Scene
from services import inventory
from services.run import database
from settings import Flink, Services, read
from stack.flink_rest import FlinkRest
from stack.processes import wait_until

(CAMPAIGN,) = valid(Path(__file__).parent / "campaigns").values()
# Who does what an envelope promises: hands out prizes, credits points, keeps coupons.
SERVICES = ("inventory", "membership", "marketing")
CLAIMS_PER_S = 100.0
# A stock of two thousand, at the rate above and through two restarts on two cores that do more.
RUNS_OUT_S = 300.0
CHECKPOINT_S = 60.0
# At so many pieces received a kill comes: in the middle of the first stock, and as the first and the last run out. The
# second runs out while the job catches up.
STOCKS = {offer.name: offer.stock for offer in CAMPAIGN.offers if offer.stock is not None}
FIRST, LAST = next(iter(STOCKS)), list(STOCKS)[-1]
KILLS = ((FIRST, STOCKS[FIRST] // 2), (FIRST, STOCKS[FIRST]), (LAST, STOCKS[LAST]))
# When nothing is left: so many more seconds of claims that only find out.
EMPTY_S = 3.0


@contextmanager
def with_services(folder: Path) -> Iterator[dict[str, str]]:
    """Settings of services whose databases lie beside the scene's files."""
    yield {"HONGBAO_SERVICES_DATABASE": f"sqlite:{folder / 'scene'}/{{service}}.db"}


def claim_and_kill(scene: Scene) -> None:
    """What no checkpoint knows yet matters most when the last pieces are given away."""
    _stock_prizes()
    for name in SERVICES:
        scene.start_other(name, "drills.service", name)
    claimants = scene.start_other("claimants", "drills.claimants", str(CLAIMS_PER_S))
    for offer, count in KILLS:
        # Else the next process begins where this one did, and what it has to catch up with only grows.
        _wait_for_checkpoint()
        wait_until(
            f"{count} of {offer}",
            lambda offer=offer, count=count: received(scene.effects, offer) >= count,  # type: ignore[misc]
            RUNS_OUT_S,
            [claimants],
        )
        kill_taskmanager(scene)
    time.sleep(EMPTY_S)
    claimants.stop()


def _wait_for_checkpoint() -> None:
    with FlinkRest(read(Flink).rest_url) as rest:
        job_id, called_ms = rest.running_id("coupons"), time.time_ns() // 1_000_000
        wait_until("a new checkpoint", lambda: rest.saved_since(job_id, called_ms), CHECKPOINT_S)


def received(effects: Path, offer: str) -> int:
    """How many pieces of the campaign's offer the subscriber has seen."""
    query = "SELECT count(DISTINCT coupon_id) FROM effects WHERE campaign_id = ? AND offer = ?"
    with closing(sqlite3.connect(f"{effects.as_uri()}?mode=ro", uri=True, timeout=1)) as opened:
        return opened.execute(query, (CAMPAIGN.name, offer)).fetchone()[0]  # type: ignore[no-any-return]


def _stock_prizes() -> None:
    """Put into inventory's store what the campaign may give away, and not a piece more."""
    found = Database(database(read(Services), "inventory"), inventory.TABLES)
    try:
        with found.transaction() as effects:
            for offer in CAMPAIGN.offers:
                if offer.kind == "prize" and offer.stock is not None:
                    inventory.put(effects, offer.name, offer.stock)
    finally:
        found.close()
