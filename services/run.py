"""Run one service, with its own subscription and database, until it is told to stop."""

import logging
import sys
from importlib import import_module
from types import ModuleType

from coupons import Inbox, Subscriber
from errors import CannotRun, HongbaoError
from settings import Pulsar, Services, Subscribers, read

log = logging.getLogger("services")

NAMES = ("inventory", "payment", "marketing", "membership")


def main(name: str) -> None:
    """As `python -m services.NAME`: what can go wrong is one sentence on stderr and an exit code."""
    try:
        run(name)
    except HongbaoError as error:
        sys.stderr.write(f"hongbao: {error}\n")
        raise SystemExit(error.exit_code) from None


def run(name: str) -> dict[str, int]:
    """Run `services/<name>.py`: its TOPICS, TABLES and handlers. Gives how many messages met which fate, after
    SIGTERM or Ctrl-C.

    Raises CannotRun for an unknown name, otherwise what Subscriber.run raises.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)
    subscriber = subscribed(name)
    subscriber.run(ready=lambda: log.info("%s: ready", name))
    counts = ", ".join(f"{count:,} {fate}" for fate, count in sorted(subscriber.counts.items()))
    log.info("%s: stopped; %s", name, counts or "nothing came")
    return dict(subscriber.counts)


def subscribed(name: str) -> Subscriber:
    """The service by the settings in force; it does nothing until it runs."""
    service, config = module(name), read(Services)
    return Subscriber(
        read(Pulsar),
        topics=service.TOPICS,
        subscription=name,
        inbox=Inbox(database(config, name), service.TABLES),
        handlers=service.handlers(config),
        config=read(Subscribers),
    )


def module(name: str) -> ModuleType:
    if name not in NAMES:
        raise CannotRun(f"service: no service {name!r}; there are {', '.join(NAMES)}")
    return import_module(f"services.{name}")


def database(config: Services, name: str) -> str:
    """The URL of a service's database."""
    return config.database.replace("{service}", name)
