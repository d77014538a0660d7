"""Keep the stack up: start again what died or hangs, until `hongbao down` (stack/supervise.py is its process).

A process is started with the command of the last time, at once after a life of some seconds, later and later in a
crash loop.
What it did is in log/supervisor.log and, for `hongbao status`, in restarts.json.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from settings import Stack
from settings.reader import ROOT
from stack import job_results, journal
from stack.health import Health
from stack.processes import Service, exclusive

NAME = "supervisor"
# What lived so long did not die of how it was started.
STEADY_S = 60.0
# At least so long from one start to the next, after the first, second, … death in a row.
BACKOFF_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
LOOP_DEATHS = 3


@dataclass(frozen=True)
class Restarts:
    """How often a service was started again, when last, and whether it dies each time."""

    times: int
    newest: str
    in_a_loop: bool


@dataclass
class _Life:
    """What the supervisor knows of a service; times are monotonic seconds."""

    started_s: float | None = None
    due_s: float | None = None
    # In a row, none of them after a long life.
    deaths: int = 0
    times: int = 0
    newest: str = ""

    @property
    def in_a_loop(self) -> bool:
        return self.deaths >= LOOP_DEATHS


@dataclass
class Supervisor:
    """Watches every service with a pid file in `folder`; `look` is one round."""

    folder: Path
    say: Callable[[str], None]
    health: Health = field(default_factory=lambda: Health({}, 0))
    lives: dict[str, _Life] = field(default_factory=dict)

    def look(self, now_s: float) -> None:
        """Start again what is dead and due, and kill what hangs: the next look finds it dead."""
        with exclusive(self.folder, wait=False) as held:
            # `up` or `down` is at work.
            if not held:
                return
            self.health.look(now_s)
            for service in watched(self.folder):
                life = self.lives.setdefault(service.name, _Life())
                process = service.process()
                if process is None:
                    self._mend(service, life, now_s)
                elif self.health.hangs(service.name, process, now_s):
                    self.say(f"{service.name} has not answered for {self.health.bound_s:.0f} s or longer: killed")
                    process.kill()
                elif life.in_a_loop and life.started_s is not None and now_s - life.started_s >= STEADY_S:
                    life.deaths = 0
                    self._report()

    def _mend(self, service: Service, life: _Life, now_s: float) -> None:
        if life.due_s is None:
            steady = life.started_s is None or now_s - life.started_s >= STEADY_S
            life.deaths = 1 if steady else life.deaths + 1
            backoff_s = BACKOFF_S[min(life.deaths, len(BACKOFF_S)) - 1]
            life.due_s = now_s if life.started_s is None else max(now_s, life.started_s + backoff_s)
            loop = f", {life.deaths} times in a row" if life.in_a_loop else ""
            self.say(f"{service.name} died{loop}; its log ends: {service.last_line()}")
        if now_s < life.due_s:
            return
        if service.name == "broker":
            cut = journal.mend(self.folder / "pulsar")
            if cut is not None:
                self.say(f"cut entry {cut.entry} of ledger {cut.ledger}, half written, off {cut.file} at {cut.at}")
        if service.name == "jobmanager":
            for job_id in job_results.mend(self.folder / "flink" / "ha"):
                self.say(f"completed the end of job {job_id}, half written")
        service.start_again()
        life.started_s, life.due_s = now_s, None
        life.times, life.newest = life.times + 1, datetime.now(UTC).isoformat(timespec="seconds")
        self.say(f"{service.name} started again")
        self._report()

    def _report(self) -> None:
        report = {
            name: asdict(Restarts(life.times, life.newest, life.in_a_loop))
            for name, life in self.lives.items()
            if life.times
        }
        part = self.folder / "restarts.part"
        part.write_text(json.dumps(report), encoding="utf-8")
        part.replace(self.folder / "restarts.json")


def watched(folder: Path) -> list[Service]:
    """Everything that was started in `folder` and not stopped, but the supervisor."""
    names = sorted(path.stem for path in (folder / "run").glob("*.json"))
    return [Service(name, folder) for name in names if name != NAME]


def restarts(folder: Path) -> dict[str, Restarts]:
    """What was started again since `up`, by service."""
    try:
        report = json.loads((folder / "restarts.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name: Restarts(**said) for name, said in report.items()}


def service(stack: Stack) -> Service:
    return Service(NAME, stack.folder)


def start(stack: Stack) -> None:
    """Start the supervisor unless it runs."""
    if service(stack).process() is None:
        (stack.folder / "restarts.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "stack.supervise", str(stack.folder)]
        service(stack).start(command, {"PYTHONPATH": str(ROOT)})


def stop(stack: Stack) -> bool:
    """End it before what it watches; what it started is for others to stop."""
    return service(stack).stop(alone=True)
