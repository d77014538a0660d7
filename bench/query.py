"""Measure how long the warehouse's questions take over a day of many events, and what they read of the disk."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import warehouse
from bench import landed
from bench.spread import spread
from effect.campaigns import effects
from errors import CannotRun
from settings.reader import ROOT
from warehouse.compaction import compact

QUESTIONS = {
    "funnel": "FROM funnel WHERE day = DATE '2026-11-11' ORDER BY step",
    "conversion": "SELECT window_start, conversion_rate FROM conversion WHERE dimension = 'all' "
    "AND window_kind = 'tumble_1m' AND event_date = DATE '2026-11-11' ORDER BY window_start",
}
MINUTES = 24 * 60
TABLES = ("events", "decisions", "conversion")

Say = Callable[[str], None]
Answer = Callable[[Path], Any]


def run(sizes: list[int], repeats: int, say: Say = lambda _: None, files_per_hour: int = landed.FILES_PER_HOUR) -> Any:
    """By number of events: milliseconds and bytes read of each question, before and after compaction.

    Every answer is checked: against the visits that were landed, and after compaction against the one before.
    """
    figures: dict[str, Any] = {"repeats": repeats, "files_per_hour": files_per_hour, "events": {}}
    (ROOT / "var").mkdir(exist_ok=True)
    for events in sizes:
        with tempfile.TemporaryDirectory(dir=ROOT / "var") as name:
            folder = Path(name)
            say(f"landing {events:,} events")
            visits = landed.land(folder, events, files_per_hour)
            before = _ask(folder, visits, repeats, say)
            say("compacting")
            began_s = time.perf_counter()
            done = compact(folder, TABLES, grace=timedelta(0))
            compaction_s = round(time.perf_counter() - began_s, 1)
            if problems := [problem for one in done for problem in one.problems]:
                raise CannotRun(f"bench: {problems[0]}")
            figures["events"][str(events)] = {
                "before": before,
                "after": _ask(folder, visits, repeats, say),
                "compaction_s": compaction_s,
                "files": [sum(one.files_before for one in done), sum(one.files_after for one in done)],
                "bytes": [sum(one.bytes_before for one in done), sum(one.bytes_after for one in done)],
            }
            shutil.rmtree(folder)
            folder.mkdir()
    return figures


def questions() -> dict[str, Answer]:
    """Each gives its rows."""
    asked: dict[str, Answer] = {
        name: lambda folder, text=text: warehouse.query(text, folder)  # type: ignore[misc]
        for name, text in QUESTIONS.items()
    }
    return {**asked, "uplift": lambda folder: effects(folder)}


def _ask(folder: Path, visits: list[int], repeats: int, say: Say) -> dict[str, Any]:
    found = {}
    for name, ask in questions().items():
        took_ms, read_bytes = [], []
        # The first fills the operating system's cache, as the day's other questions have.
        for turn in range(repeats + 1):
            bytes_before, began_s = _bytes_read(), time.perf_counter()
            answer = ask(folder)
            took_s = time.perf_counter() - began_s
            check(name, answer, visits)
            if turn:
                took_ms.append(took_s * 1000)
                read_bytes.append(_bytes_read() - bytes_before)
        found[name] = {"ms": spread(took_ms, 1), "bytes_read": spread(read_bytes)}
        say(f"{name}: {found[name]['ms']['median']:,.0f} ms")
    return found


def check(name: str, answer: Any, visits: list[int]) -> None:
    """Raises CannotRun where an answer is not what was landed."""
    right: Callable[[], Any] = {
        "funnel": lambda: [row["visits"] for row in answer] == visits,
        "conversion": lambda: len(answer) == MINUTES and {row["conversion_rate"] for row in answer} == {0.02},
        "uplift": lambda: len(answer) == 1 and answer[0].treated.shoppers > 3 * answer[0].held_out.shoppers > 0,
    }[name]
    if not right():
        raise CannotRun(f"bench: {name} answers {answer!r:.200}, which is not what was landed: {visits}")


def _bytes_read() -> int:
    """By this process, from disk or from the operating system's cache."""
    lines = Path(f"/proc/{os.getpid()}/io").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("rchar:")))
