"""Publish a simulated shop's events and note each that publish() accepted.

python -m drills.shop FOLDER RATE SPOOL SCANS

FOLDER/accepted-PID.txt gets the event's id after publish() has returned: a line that is there is a promise. With SPOOL
`on` the promise is the spool's; `off` leaves events in memory, as a publisher without one does, and gives up on those
the broker does not take within 5 s. With SCANS `off` nobody scans a code: for a drill with claimants of its own.

Runs until SIGTERM; then it waits for the spool to be empty.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from errors import HongbaoError
from ingest import NotDelivered, Publisher, Spool
from ingest.shop import Shop, Step, visits
from settings import Pulsar, read

# A publisher that may block for half a minute is no publisher for a shop's web page.
PATIENCE_S = 5.0
# The broker may be away when the load ends.
DRAIN_S = 120.0
# Full batches, so that a checkpoint falls into the middle of one.
BATCH_DELAY_MS = 100
AT_ONCE = 40
# Enough scans and hesitations that every second of recovery sees a coupon.
SHOP = Shop(scans_code=0.2, hesitates=0.1, shoppers=100_000)


WITHOUT_SCANS = replace(SHOP, scans_code=0.0)


def publish(folder: Path, events_per_s: float, spooled: bool, scans: bool) -> None:
    stopped = stoppable()
    spool = Spool(folder / "spool", sync=False) if spooled else None
    publisher = Publisher(read(Pulsar), spool=spool, batch_delay_ms=BATCH_DELAY_MS, send_timeout_s=PATIENCE_S)
    print("ready", flush=True)
    with (folder / f"accepted-{os.getpid()}.txt").open("w", encoding="ascii", buffering=1) as accepted:
        for step in steps(events_per_s, stopped, SHOP if scans else WITHOUT_SCANS):
            try:
                accepted.write(publisher.publish({**step, "occurred_at": datetime.now(UTC)}) + "\n")
            except NotDelivered:
                pass  # those events are lost: that they are is what a control without a spool must show
    try:
        publisher.close(within_s=DRAIN_S)
    except HongbaoError as error:
        print(f"drills.shop: {error}", file=sys.stderr)


def stoppable() -> Callable[[], bool]:
    """Whether SIGTERM or Ctrl-C has come since."""
    came: list[object] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *arguments: came.append(arguments))
    return lambda: bool(came)


def steps(events_per_s: float, stopped: Callable[[], bool], shop: Shop = SHOP) -> Iterator[Step]:
    """The steps of some visits at once, at this rate: events without ids and times."""
    # Other shoppers in the next process.
    arrivals = visits(shop, os.getpid())
    active = [iter(next(arrivals)) for _ in range(AT_ONCE)]
    started_s, sent = time.monotonic(), 0
    while not stopped():
        step = next(active[sent % AT_ONCE], None)
        if step is None:
            active[sent % AT_ONCE] = iter(next(arrivals))
            continue
        yield step
        sent += 1
        time.sleep(max(0.0, started_s + sent / events_per_s - time.monotonic()))


if __name__ == "__main__":
    publish(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "on", sys.argv[4] == "on")
