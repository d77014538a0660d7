"""Run services as processes of their own, as a shop would."""

import runpy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from settings import Pulsar
from tests import forked
from tests.waiting import eventually


class Service:
    """`python -m services.NAME` against a broker and a database URL; `log` is where it writes."""

    def __init__(self, name: str, broker: Pulsar, database: str, log: Path, settings: Mapping[str, str]) -> None:
        self._name, self._log = name, log
        self._environment = {
            "HONGBAO_PULSAR_TENANT": broker.tenant,
            "HONGBAO_SERVICES_DATABASE": database,
            **settings,
        }
        self._process: ForkServerProcess | None = None

    def start(self) -> None:
        """Return when its subscriptions exist."""
        before = self._ready()
        self._process = forked.start(_serve, (self._name,), self._environment, self._log, self._log)
        eventually(lambda: self._ready() > before or self._ended(), True)
        assert not self._ended(), self._log.read_text(encoding="utf-8")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.join()

    def stop(self) -> int | None:
        """End it gracefully, if it runs; its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        self._process.join(30)
        return self._process.exitcode

    def _ready(self) -> int:
        return self._log.read_text(encoding="utf-8").count(": ready") if self._log.exists() else 0

    def _ended(self) -> bool:
        return self._process is not None and not self._process.is_alive()


def _serve(name: str) -> None:
    runpy.run_module(f"services.{name}", run_name="__main__")


@contextmanager
def services(
    names: tuple[str, ...], broker: Pulsar, database: str, folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[list[Service]]:
    """The services, started together; stopped with the block."""
    found = [
        Service(name, broker, database, folder / f"{name}-{number}.log", settings or {})
        for number, name in enumerate(names)
    ]
    try:
        for service in found:
            service.start()
        yield found
    finally:
        codes = [service.stop() for service in found]
    assert all(code in (0, -9) for code in codes), codes
