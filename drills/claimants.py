"""Claim red envelopes, in the app and by scanning codes: python -m drills.claimants FOLDER RATE.

Half of the claims are scans. Some shoppers come again and again, though one envelope a shopper is all there is.
FOLDER/accepted-PID.txt gets a claim's event id after publish() has returned, as in drills.shop.

Runs until SIGTERM.
"""

import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drills.shop import stoppable
from ingest import Publisher
from settings import Pulsar, read

# Enough for every stock, few enough that some come again within minutes.
SHOPPERS = 20_000
# Of ten: more than any shop has, so that the VIPs' part of a stock runs out within minutes too.
VIPS = 3
BATCH_DELAY_MS = 10


def publish(folder: Path, claims_per_s: float) -> None:
    stopped = stoppable()
    with (
        (folder / f"accepted-{os.getpid()}.txt").open("w", encoding="ascii", buffering=1) as accepted,
        Publisher(read(Pulsar), batch_delay_ms=BATCH_DELAY_MS) as publisher,
    ):
        print("ready", flush=True)
        for claim in claims(os.getpid(), claims_per_s, stopped):
            accepted.write(publisher.publish({**claim, "occurred_at": datetime.now(UTC)}) + "\n")


def claims(seed: int, claims_per_s: float, stopped: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Scans and claims in turn, at this rate: events without ids and times, by shoppers whom no other process has."""
    dice = random.Random(seed)
    started_s = time.monotonic()
    for number in itertools.count():
        if stopped():
            return
        time.sleep(max(0.0, started_s + number / claims_per_s - time.monotonic()))
        shopper = dice.randrange(SHOPPERS)
        who = {
            "user_id": f"claimant-{shopper:05}",
            "session_id": f"claim-{number:08x}",
            # By the shopper, who is of one tier at every claim.
            "membership_tier": "vip" if shopper % 10 < VIPS else "none",
        }
        if number % 2:
            yield {**who, "event_type": "red_envelope_claimed"}
        else:
            yield {**who, "event_type": "qr_scanned", "store_id": f"store-{dice.randrange(40):03}"}


if __name__ == "__main__":
    publish(Path(sys.argv[1]), float(sys.argv[2]))
