"""Hold a spool's folder for one process, and keep what must outlive all of them in its spool.json."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

from errors import CannotRun, SpoolDamaged
from ingest.segment import sync_folder


def load(folder: Path) -> dict[str, Any]:
    """What spool.json says, or a new spool's; raises SpoolDamaged."""
    path = folder / "spool.json"
    state: dict[str, Any] = {"topic": None, "producer": new_name(), "partitions": 0, "opened": 0}
    try:
        if path.exists():
            state.update(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise SpoolDamaged(f"{path}: is damaged: {error}; delete it, and events may go out twice") from None
    return state


def save(folder: Path, state: dict[str, Any]) -> None:
    """Replace spool.json so that it is whole after a power cut."""
    path = folder / "spool.json"
    with path.with_suffix(".new").open("w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".new").replace(path)
    sync_folder(folder)


def new_name() -> str:
    return f"spool-{uuid4()}"


def hold(folder: Path) -> int:
    """Hold the folder for this process; the kernel lets go of it when the process ends, however it does."""
    handle = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 20).decode().strip()
        os.close(handle)
        raise CannotRun(
            f"{folder}: process {holder} has this spool; stop it, or give each process a folder of its own"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle
