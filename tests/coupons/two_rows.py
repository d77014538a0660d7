"""A service of two statements with a pause between, in a process of its own.

Each message becomes a row in `first` and a row in `second`. It says `ready`, and of each message when it begins and
ends. With the mood `deadly` the order `deadly` kills the process.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from coupons import Effects, Inbox, Message, Subscriber
from schemas.topics import CLICKS
from settings import Pulsar, Subscribers, read
from tests import forked

# No primary keys: a second effect would show.
TABLES = (
    "CREATE TABLE IF NOT EXISTS first (event_id TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS second (event_id TEXT NOT NULL)",
)


def start(url: str, mood: str, out: Path, environment: Mapping[str, str]) -> ForkServerProcess:
    """The service on a database, its words at the end of a file; it is the caller's to end."""
    return forked.start(serve, (url, mood), environment, out, out)


def serve(url: str, mood: str) -> None:
    def handle(effects: Effects, message: Message) -> None:
        tell(f"begin {message.id}")
        effects.execute("INSERT INTO first VALUES (:event_id)", event_id=message.id)
        if mood == "deadly" and message.value["order_id"] == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.3 if mood == "slow" else random.uniform(0, 0.002))
        effects.execute("INSERT INTO second VALUES (:event_id)", event_id=message.id)
        tell(f"end {message.id}")

    inbox = Inbox(url, TABLES)
    subscriber = Subscriber(
        read(Pulsar),
        topics=(CLICKS,),
        subscription="two-rows",
        inbox=inbox,
        handlers={"order_completed": handle},
        config=read(Subscribers),
    )
    subscriber.run(ready=lambda: tell("ready"))


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
