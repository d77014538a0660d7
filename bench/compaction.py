"""Measure what compaction gains: python -m bench.compaction [FILES]. Prints one JSON object.

Lands FILES small files of 50 events over 24 hours, asks three questions of them (median of five runs each, the first
not counted), compacts, asks again.
"""

import json
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import warehouse
from tests.warehouse.landing import START, event, land
from warehouse.compaction import compact

QUESTIONS = {
    "count": "SELECT count(*) FROM events",
    "group": "SELECT event_type, sum(price_minor) FROM events GROUP BY ALL",
    "one hour": "SELECT count(*) FROM events WHERE event_date = DATE '2026-11-11' AND event_hour = 20",
}


def milliseconds(folder: Path) -> dict[str, float]:
    """The median time of each question."""
    answer = {}
    with warehouse.connect(folder) as connection:
        for name, question in QUESTIONS.items():
            times = []
            for _ in range(6):
                started = time.perf_counter()
                connection.execute(question).fetchall()
                times.append((time.perf_counter() - started) * 1000)
            answer[name] = round(statistics.median(times[1:]), 1)
    return answer


def main(files: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(files):
            at = START + timedelta(hours=number % 24)
            rows = [event(50 * number + row, occurred_at=at) for row in range(50)]
            land(folder, "events", rows, part=f"part-{number}")
        before = milliseconds(folder)
        started = time.perf_counter()
        (done,) = compact(folder, ("events",), grace=timedelta(0))
        figures = {
            "files": [done.files_before, done.files_after],
            "bytes": [done.bytes_before, done.bytes_after],
            "compaction_s": round(time.perf_counter() - started, 2),
            "before_ms": before,
            "after_ms": milliseconds(folder),
        }
        print(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
