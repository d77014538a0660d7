"""Find what is left of a job's state on disk: its newest retained checkpoint or savepoint."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from errors import CannotRun
from settings import Stack


@dataclass(frozen=True)
class KeptState:
    """A completed checkpoint or savepoint; `made_at` in UTC."""

    path: Path
    made_at: datetime

    @property
    def sentence(self) -> str:
        return f"{self.path.name} of {self.made_at:%Y-%m-%d %H:%M:%S} UTC"


def remember(stack: Stack, name: str, job_id: str) -> None:
    """Note which job an id was: Flink names its folders by ids, and forgets a job that has ended."""
    folder = _folder(stack) / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{job_id}.json").write_text(json.dumps({"job": name}), encoding="utf-8")


def newest(stack: Stack, name: str) -> KeptState | None:
    """The newest of all the runs of the job, or None."""
    return max(_all(stack, name), key=lambda state: state.made_at, default=None)


def require(stack: Stack, name: str) -> KeptState:
    """The same; raises CannotRun where there is none."""
    state = newest(stack, name)
    if state is None:
        raise CannotRun(f"submit: {name} has no checkpoint in {_folder(stack)}; submit it without --resume")
    return state


def _all(stack: Stack, name: str) -> Iterator[KeptState]:
    for note in (_folder(stack) / "jobs").glob("*.json"):
        if json.loads(note.read_text(encoding="utf-8"))["job"] != name:
            continue
        # _metadata is written last: without it a checkpoint is not complete.
        for pattern in (f"checkpoints/{note.stem}/chk-*", f"savepoints/savepoint-{note.stem[:6]}-*"):
            for path in _folder(stack).glob(f"{pattern}/_metadata"):
                yield KeptState(path.parent, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _folder(stack: Stack) -> Path:
    return stack.folder / "flink"
