"""Put the warehouse on a small disk of its own, and fill it."""

import errno
import io
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import duckdb

from drills.scene import Scene
from errors import CannotRun
from settings import Warehouse, read
from warehouse.files import live
from warehouse.tables import TABLES

# Ten times what a drill lands.
DISK_MB = 64
FULL_S = 20.0
AGAIN_S = 0.1
BLOCK_BYTES = 65_536


@contextmanager
def small_disk(folder: Path) -> Iterator[Mapping[str, str]]:
    """A disk in memory for as long as the block runs; gives the settings of a stack whose warehouse is on it.

    It goes with the block, with SIGTERM too; what a killed run left goes here first. Raises CannotRun where mounting
    is not allowed.
    """
    disk = folder / "disk"
    _unmount(disk)
    disk.mkdir(parents=True, exist_ok=True)
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        _mount(disk)
        yield {"HONGBAO_WAREHOUSE_FOLDER": str(disk / "warehouse")}
    finally:
        _unmount(disk)
        shutil.rmtree(disk, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def fill(scene: Scene) -> None:
    """Leave no byte free for 20 s, whatever is deleted meanwhile; note each visible file that is not whole."""
    warehouse = read(Warehouse).folder
    ballast = warehouse.parent / "ballast"
    whole: set[Path] = set()
    scene.harm()
    until = time.monotonic() + FULL_S
    try:
        with ballast.open("ab", buffering=0) as file:
            while time.monotonic() < until:
                take_what_is_free(file)
                scene.findings += half_written(warehouse, whole)
                time.sleep(AGAIN_S)
    finally:
        ballast.unlink(missing_ok=True)


def take_what_is_free(file: io.RawIOBase) -> None:
    """Write until the disk is full; without a buffer the last write takes what is left of it."""
    try:
        while True:
            file.write(bytes(BLOCK_BYTES))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def half_written(warehouse: Path, whole: set[Path]) -> list[str]:
    """A sentence for each visible file that is no Parquet file; `whole` has those looked at, and gets the new ones."""
    found = []
    with duckdb.connect() as database:
        for path in {file for table in TABLES for file in live(warehouse, table)} - whole:
            try:
                database.execute("SELECT count(*) FROM read_parquet($file)", {"file": str(path)})
            except duckdb.Error as error:
                found.append(f"{path.name} is visible and no Parquet file: {error}")
            whole.add(path)
    return found


def _mount(disk: Path) -> None:
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "hongbao-drill", str(disk)]
    try:
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        why = refused.stderr.strip() if refused.returncode else ""
    except FileNotFoundError as error:
        why = str(error)
    if why:
        raise CannotRun(f"drill: disk-full mounts a small disk at {disk}, which is refused ({why}); run it as root")


def _unmount(disk: Path) -> None:
    """Lazily: it goes from sight now, and for good when the last process of a killed run lets go of it."""
    if os.path.ismount(disk):
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)
