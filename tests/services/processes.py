"""Run services as processes of their own, as a shop would."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from settings import Pulsar
from settings.reader import ROOT
from tests.waiting import eventually


class Service:
    """`python -m services.NAME` against a broker and a database URL; `log` is where it writes."""

    def __init__(self, name: str, broker: Pulsar, database: str, log: Path, settings: Mapping[str, str]) -> None:
        self._name, self._log = name, log
        self._environment = {
            **os.environ,
            "HONGBAO_PULSAR_TENANT": broker.tenant,
            "HONGBAO_SERVICES_DATABASE": database,
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when its subscriptions exist."""
        before = self._ready()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"services.{self._name}"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._ready() > before or self._ended(), True)
        assert not self._ended(), self._log.read_text(encoding="utf-8")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """End it gracefully, if it runs; its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(30)

    def _ready(self) -> int:
        return self._log.read_text(encoding="utf-8").count(": ready") if self._log.exists() else 0

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None


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
