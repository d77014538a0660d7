"""Show the sale in the terminal, on stderr: stdout is for the answer."""

import json
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
        # The receipts are read on from here: reading all of them each second took a tenth of a core from the sale.
        self._read_bytes = 0
        self._latencies_ms: dict[str, int] = {}

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
        if self._progress.disable:
            return
        if self._seen % 10 == 0:
            self._read_on(receipts)
            latency = figures.percentiles(list(self._latencies_ms.values()))
            coupons = f"coupons {len(self._latencies_ms):,}"
            facts = f"{coupons}  p50 {latency['p50']:.0f} ms  p99 {latency['p99']:.0f} ms"
            self._progress.update(self._bar, facts=facts)
        self._progress.update(self._bar, completed=told["sent"])

    def _read_on(self, receipts: Path) -> None:
        with receipts.open("rb") as file:
            file.seek(self._read_bytes)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read_bytes += len(whole) + len(newline)
        for line in map(json.loads, whole.splitlines()):
            self._latencies_ms.setdefault(line["coupon_id"], line["received_ms"] - line["due_ms"])
