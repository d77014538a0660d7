"""Let more shoppers claim red envelopes than there are, and kill the TaskManager whenever a stock has just run out."""

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
from settings import Services, read
from stack.processes import wait_until

(CAMPAIGN,) = valid(Path(__file__).parent / "campaigns").values()
# Who does what an envelope promises: hands out prizes, credits points, keeps coupons.
SERVICES = ("inventory", "membership", "marketing")
CLAIMS_PER_S = 100.0
# A stock of a thousand, at the rate above and through three restarts on two cores that do more.
RUNS_OUT_S = 300.0
# Of the first stock, when the first kill comes.
HALF = 0.5
# When nothing is left: so many more seconds of claims that only find out.
EMPTY_S = 3.0


@contextmanager
def with_services(folder: Path) -> Iterator[dict[str, str]]:
    """Settings of services whose databases lie beside the scene's files."""
    yield {"HONGBAO_SERVICES_DATABASE": f"sqlite:{folder / 'scene'}/{{service}}.db"}


def claim_and_kill(scene: Scene) -> None:
    """Kill in the middle of the first stock, then as each runs out: what no checkpoint knows matters most then."""
    _stock_prizes()
    for name in SERVICES:
        scene.start_other(name, "drills.service", name)
    claimants = scene.start_other("claimants", "drills.claimants", str(CLAIMS_PER_S))
    stocks = {offer.name: offer.stock for offer in CAMPAIGN.offers if offer.stock is not None}
    first, pieces = next(iter(stocks.items()))
    for offer, count in [(first, int(HALF * pieces)), *stocks.items()]:
        wait_until(
            f"{count} of {offer}",
            lambda offer=offer, count=count: received(scene.effects, offer) >= count,  # type: ignore[misc]
            RUNS_OUT_S,
            [claimants],
        )
        kill_taskmanager(scene)
    time.sleep(EMPTY_S)
    claimants.stop()


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
