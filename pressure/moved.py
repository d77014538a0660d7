"""Keep the mover's book: a line of JSON for each event that it moved, in a file a UTC day; the ledger reads it.

A line is on the disk before the event is acknowledged on the side topic. So what a mover that was killed had moved is
either here, or in the group that it was at.
"""

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# The folder's name in the stack's.
BOOK = "moved"
# What a mover may have written without its acknowledgement having reached the broker is far less.
NEWEST_LINES = 50_000


class MovedBook:
    """The book in `folder`; one mover writes it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        for path in self._files()[-1:]:
            _cut(path)

    def newest(self) -> set[str]:
        """The side topic's message ids of the newest lines."""
        lines: deque[str] = deque(maxlen=NEWEST_LINES)
        for path in self._files()[-2:]:
            with path.open(encoding="utf-8") as file:
                lines.extend(file)
        return {json.loads(line)["deferred_message_id"] for line in lines}

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Return when the rows are on the disk; each has event_id, deferred_message_id, message_id and moved_at.

        `message_id` is on events/clicks; null where an earlier mover was killed before it could write it down.
        """
        text = "".join(json.dumps(row) + "\n" for row in rows)
        if text:
            with (self._folder / f"{datetime.now(UTC):%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.jsonl"))


def _cut(path: Path) -> None:
    """Take off a last line that a power cut left half written: its event was not acknowledged."""
    with path.open("r+b") as file:
        whole = path.read_bytes().rfind(b"\n") + 1
        file.truncate(whole)


def rows(deliveries: Iterable[Any], moved_at: datetime) -> Iterator[dict[str, Any]]:
    """A row for each delivery of the mover's outbox, whose event is what the message is and was."""
    at = moved_at.isoformat(timespec="milliseconds")
    for delivery in deliveries:
        yield {**delivery.event, "message_id": delivery.message_id, "moved_at": at}
