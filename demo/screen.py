"""Show the sale in the terminal, on stderr: stdout is for the answer."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from demo import figures
from ingest.profile import Phase


class Screen:
    """A progress bar with what matters beside it; on no terminal, a line a phase."""

    def __init__(self, phases: list[Phase]) -> None:
        console = Console(stderr=True)
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task("starting", total=sum(phase.events for phase in phases), facts="")
        self._phase = ""
        self._seen = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def say(self, what: str) -> None:
        """Say what is being waited for."""
        self._progress.update(self._bar, description=what)
        if self._progress.disable:
            self._console.print(what)

    def show(self, told: Mapping[str, Any], receipts: Path) -> None:
        """Show the simulator's progress, and about once a second the coupons received so far."""
        self._seen += 1
        if told["phase"] != self._phase:
            self._phase = told["phase"]
            self.say(self._phase)
        if self._seen % 10 == 0:
            latency, coupons, _ = figures.latency(receipts)
            facts = f"coupons {coupons:,}  p50 {latency['p50']:.0f} ms  p99 {latency['p99']:.0f} ms"
            self._progress.update(self._bar, facts=facts)
        self._progress.update(self._bar, completed=told["sent"])
