"""Hold what a drill plays with: a shop that publishes, a subscriber that gives coupons, and ways to kill both."""

import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from settings import Stack, read
from settings.reader import ROOT
from stack.processes import Service, wait_until

START_S = 60.0
# A broker and a cluster that were killed together, on two cores.
COUPON_S = 180.0
NEWEST = "SELECT ? AND membership_tier = 'vip' AS vip, max(due_ms) FROM effects GROUP BY vip"


@dataclass
class Scene:
    """Shop and subscriber as processes with `folder` for their files; both without protection where told so."""

    folder: Path
    events_per_s: float
    spool: bool
    inbox: bool
    state: bool
    # Whether the shop's own shoppers scan codes; where claimants do, theirs alone are claims.
    scans: bool = True
    # When the fault did its last harm, in milliseconds since 1970: recovery counts from there.
    harmed_ms: int = 0
    others: list[Service] = field(default_factory=list)
    # What a fault saw meanwhile that must not be, a sentence each.
    findings: list[str] = field(default_factory=list)

    def harm(self) -> None:
        """Note that something is broken now."""
        self.harmed_ms = time.time_ns() // 1_000_000

    @property
    def shop(self) -> Service:
        return Service("shop", self.folder)

    @property
    def subscriber(self) -> Service:
        return Service("subscriber", self.folder)

    @property
    def effects(self) -> Path:
        return self.folder / "effects.db"

    def restart_shop(self) -> None:
        """Kill -9, and start the next process."""
        self.harm()
        _kill(self.shop)
        self._start(self.shop, "drills.shop", str(self.events_per_s), _on(self.spool), _on(self.scans))

    def restart_subscriber(self) -> None:
        """Kill -9, and start the next process."""
        self.harm()
        _kill(self.subscriber)
        self._start(self.subscriber, "drills.subscriber", _on(self.inbox))

    def start_other(self, name: str, module: str, *arguments: str) -> Service:
        """Start one more process, which ends with the scene."""
        service = Service(name, self.folder)
        self.others.append(service)
        self._start(service, module, *arguments)
        return service

    def note(self, name: str, lines: Iterable[str]) -> None:
        """Write down a promise in a file of its own: `accepted-…`, `behind-…` or `dead-…` (see drills.outcome)."""
        (self.folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")

    def wait_for_coupons(self) -> None:
        """Return when a coupon that fell due after this call has been received; of each job, where VIPs are apart."""
        called_ms = time.time_ns() // 1_000_000
        wait_until("a coupon after the fault", lambda: self.newest_due_ms() > called_ms, COUPON_S, [self.shop])

    def newest_due_ms(self) -> int:
        """When the newest coupon fell due that was received, 0 without one; of the job that is further behind."""
        apart = read(Stack).vip_apart
        if not self.effects.exists():
            return 0
        try:
            with closing(sqlite3.connect(f"{self.effects.as_uri()}?mode=ro", uri=True, timeout=1)) as database:
                newest: dict[int, int] = dict(database.execute(NEWEST, [apart]).fetchall())
                return min(newest.values()) if len(newest) == 1 + apart else 0
        except sqlite3.OperationalError:
            return 0  # its table is being made, or it is locked

    def _start(self, service: Service, module: str, *arguments: str) -> None:
        before = _ready(service)
        service.start([sys.executable, "-m", module, str(self.folder), *arguments], {"PYTHONPATH": str(ROOT)})
        wait_until(f"the drill's {service.name}", lambda: _ready(service) > before, START_S, [service])


@contextmanager
def playing(scene: Scene) -> Iterator[Scene]:
    """Start subscriber and shop; end what is left of them with the block."""
    scene.folder.mkdir(parents=True)
    try:
        scene.restart_subscriber()
        scene.restart_shop()
        yield scene
    finally:
        for service in (scene.shop, scene.subscriber, *scene.others):
            service.stop()


def _kill(service: Service) -> None:
    process = service.process()
    if process is not None:
        process.kill()
        process.wait(10)


def _ready(service: Service) -> int:
    """How many processes of it have said that they are ready."""
    return service.log.read_text(encoding="utf-8").splitlines().count("ready") if service.log.exists() else 0


def _on(switch: bool) -> str:
    return "on" if switch else "off"
