"""Keep events on disk until the broker has them: append-only files that are read again after a crash.

A folder holds the events of one publisher's topics, for one process at a time:

    lock                        held by the process that has the spool open; its process id
    spool.json                  the first topic, the producer's name, and how often the spool was opened
    00000004294967296.segment   records; the first is the schema, the others have the positions from the file's name on
    position                    what the broker has, and what it may have

Positions are the broker's sequence ids: they never come twice. Each opening starts at 2^32 times its number, so that
positions which a power cut took from the disk, but not from the broker, are not given to other events.
"""

import os
import threading
from collections.abc import Callable, Iterator
from errno import EDQUOT, EFBIG, ENOSPC
from functools import partial
from pathlib import Path

from errors import CannotRun, SpoolDamaged, SpoolFull
from ingest.segment import Record, Segment, frame
from ingest.spool_folder import hold, load, new_name, save
from ingest.spool_mark import Mark

SEGMENT_BYTES = 16 * 1024 * 1024
# A bound that holds four segments of a few events each.
LEAST_BYTES = 64 * 1024
NO_ROOM = {ENOSPC, EDQUOT, EFBIG}


class Spool:
    """A folder of events that the broker does not have yet; for use by several threads.

    `append` returns when the event survives the end of the process, and with `sync` also a power cut: then it waits
    for fdatasync, which appends of several threads share. The files never have more than `most_bytes`, of which a
    quarter may be with the broker already: a file is deleted only whole.

    Raises CannotRun when another process has the folder, SpoolDamaged for a file that is not what was written. A
    record that the end of a process, or of the power, left half written is cut off: its append had not returned.
    """

    def __init__(self, folder: Path, most_bytes: int = 1 << 30, sync: bool = True) -> None:
        if most_bytes < LEAST_BYTES:
            raise ValueError(f"{folder}: most_bytes is {most_bytes}; the least is {LEAST_BYTES}")
        self.folder = folder
        self.most_bytes = most_bytes
        self._segment_bytes = min(SEGMENT_BYTES, most_bytes // 4)
        self._sync = sync
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._syncing = self._idle = False
        self._schema = b""
        self._broken: BaseException | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = hold(folder)
        except OSError as error:
            raise CannotRun(f"{folder}: cannot be a spool: {error.strerror}; give another folder") from None
        try:
            self._recover()
        except BaseException:
            os.close(self._held)
            raise

    def _recover(self) -> None:
        paths = sorted(self.folder.glob("*.segment"))
        self._mark = Mark(self.folder / "position")
        self._state = load(self.folder)
        # Above everything that was ever given, whichever file says so.
        known = [int(path.stem) >> 32 for path in paths] + [self._mark.acknowledged >> 32, self._state["opened"]]
        self._state["opened"] = max(known) + 1
        save(self.folder, self._state)
        self.base = self._next = int(self._state["opened"]) << 32
        self._mark.bound(self.base - 1)
        found = [Segment.recover(path, last=path == paths[-1]) for path in paths]
        self._segments = [segment for segment in found if segment is not None]
        # Of this opening there is none yet: an appended record starts one.
        self._tail: Segment | None = None
        self._forget()

    def beside(self, name: str) -> "Spool":
        """A spool for another topic's events in a folder `name` within this one's, with the same bound and sync."""
        return Spool(self.folder / name, self.most_bytes, self._sync)

    def has_beside(self, name: str) -> bool:
        """Whether there was ever such a spool."""
        return (self.folder / name / "spool.json").exists()

    @property
    def producer(self) -> str:
        """The name to send under, so that the broker knows what it has."""
        return str(self._state["producer"])

    @property
    def partitions(self) -> int:
        """As many as the topic had when the name was first used; 0 when it was not."""
        return int(self._state["partitions"])

    @property
    def acknowledged(self) -> int:
        """Everything below is with the broker."""
        return self._mark.acknowledged

    @property
    def sent(self) -> int:
        """Nothing above was ever handed to a client."""
        return self._mark.sent

    @property
    def events(self) -> int:
        """How many events the broker does not have yet."""
        with self._lock:
            return sum(max(0, one.end - max(one.first, self._mark.acknowledged)) for one in self._segments)

    def begin(self, topic: str, schema: str) -> None:
        """Say what is appended from now on; raises CannotRun when the folder holds another topic's events."""
        with self._lock:
            if self._state["topic"] not in (None, topic):
                raise CannotRun(f"{self.folder}: holds events of {self._state['topic']}; give {topic} its own folder")
            self._state["topic"], self._schema = topic, schema.encode()
            save(self.folder, self._state)

    def settle(self, partitions: int) -> None:
        """Bind the name to a topic of so many partitions."""
        with self._lock:
            self._state["partitions"] = partitions
            save(self.folder, self._state)

    def rename(self) -> None:
        """Send under a new name: what the broker knows of the old one does not fit this spool."""
        with self._lock:
            self._state["producer"], self._state["partitions"] = new_name(), 0
            save(self.folder, self._state)

    def append(
        self, key: str | None, payload: bytes, known: Callable[[int], None] | None = None, topic: int = 0
    ) -> int:
        """Write an event of the `topic`th topic and give its position; raises SpoolFull, with the event not taken.

        `known` is told the position before the event can be read.
        """
        record = frame(key, payload, topic)
        with self._lock:
            if self._broken is not None:
                raise self._broken
            tail = self._tail_for(len(record))
            self._write(tail, record)
            position: int = self._next
            if known is not None:
                known(position)
            self._next += 1
            tail.end += 1
            if self._sync:
                self._synced(tail)
            else:
                tail.readable = tail.bytes
            if self._idle:
                self._idle = False
                self._changed.notify_all()
        return position

    def read(self, start: int) -> Iterator[tuple[list[Record], int]]:
        """Records from `start` on with the position behind them, as they come; none when there are no more for now.

        Ends where the schema changes; raises SpoolDamaged.
        """
        schema = None
        while True:
            segment = self._segment(start)
            if segment is None:
                yield [], max(start, self.base)
                continue
            if schema not in (None, segment.schema):
                return
            schema = segment.schema
            yield from segment.read(start, partial(self._is_whole, segment))
            start = max(start, segment.end)

    def _is_whole(self, segment: Segment) -> bool:
        return segment is not self._tail

    def schema(self, position: int) -> str:
        """Of the first event from `position` on, or of those to come."""
        with self._lock:
            return next((one.schema for one in self._segments if one.end > position), self._schema).decode()

    def _segment(self, position: int) -> Segment | None:
        """The one with the first event from `position` on, else the one that is written, if there is one."""
        with self._lock:
            return next((one for one in self._segments if one.end > position), self._tail)

    def sending(self, position: int) -> None:
        """Note, before it happens, that events up to `position` go to a client."""
        self._mark.send(position)

    def acknowledge(self, position: int) -> None:
        """Forget everything below: the broker has it."""
        if position > self._mark.acknowledged:
            self._mark.acknowledge(position)
            with self._lock:
                self._forget()
                self._changed.notify_all()

    def wait(self, within_s: float) -> None:
        """Return when there may be more to read, or after `within_s`."""
        with self._lock:
            self._idle = True
            self._changed.wait(within_s)

    def wait_acknowledged(self, within_s: float) -> None:
        """Return when more is acknowledged, or after `within_s`."""
        with self._lock:
            self._changed.wait(within_s)

    def wake(self) -> None:
        """End every wait."""
        with self._lock:
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Take nothing more; every append raises the error."""
        with self._lock:
            self._broken = error
            self._changed.notify_all()

    def flush(self) -> None:
        """Return when everything appended survives a power cut."""
        with self._lock:
            if self._tail is not None:
                self._synced(self._tail)

    def close(self) -> None:
        """Let another process have the folder. Twice is harmless."""
        if self._held < 0:
            return
        try:
            if self._broken is None:
                self.flush()
        finally:
            self._broken = ValueError(f"{self.folder}: this spool is closed")
            if self._tail is not None:
                self._tail.close()
                self._tail = None
            self._forget()
            self._mark.close()
            os.close(self._held)
            self._held = -1

    def _tail_for(self, size: int) -> Segment:
        """The segment for a record of so many bytes, within the bound."""
        while self._tail is not None and self._tail.bytes + size > self._segment_bytes:
            full = self._tail
            # Lets others append meanwhile, or do this.
            self._synced(full)
            if self._tail is full and full.synced == full.bytes:
                full.close()
                self._tail = None
                self._forget()
        header = frame(None, self._schema) if self._tail is None else b""
        used = sum(segment.bytes for segment in self._segments)
        if used + len(header) + size > self.most_bytes:
            raise SpoolFull(
                f"{self.folder}: {used:,} of {self.most_bytes:,} bytes wait for the broker; the event was not taken: "
                "bring the broker back, or give the spool a higher bound"
            )
        if self._tail is None:
            tail = Segment.create(self.folder / f"{self._next:020}.segment", self._schema)
            self._segments.append(tail)
            self._tail = tail
            self._write(tail, header)
        return self._tail

    def _write(self, tail: Segment, data: bytes) -> None:
        try:
            tail.write(data)
        except OSError as error:
            if error.errno not in NO_ROOM:
                self._broken = SpoolDamaged(f"{tail.path}: cannot be written: {error.strerror}; is the disk well?")
                raise self._broken from None
            if not tail.bytes:
                self._segments.remove(tail)
                self._tail = None
                tail.delete()
            raise SpoolFull(f"{tail.path}: {error.strerror}; the event was not taken: free some space") from None

    def _synced(self, tail: Segment) -> None:
        """Return when the segment is on the disk as far as it was written; who comes meanwhile shares the next sync."""
        upto = tail.bytes
        while tail.synced < upto:
            if self._broken is not None:
                raise self._broken
            if self._syncing:
                self._changed.wait()
                continue
            self._syncing, covered = True, tail.bytes
            self._lock.release()
            failure = tail.sync()
            self._lock.acquire()
            self._syncing = False
            if failure is not None:
                # What the kernel could not write it may have dropped: nothing here can be believed any more.
                self._broken = SpoolDamaged(f"{tail.path}: cannot be synced: {failure}; is the disk well?")
            else:
                tail.synced = covered
                tail.readable = max(tail.readable, covered)
            self._changed.notify_all()

    def _forget(self) -> None:
        """Delete the segments whose events are all with the broker, but for the one that is written."""
        acknowledged = self._mark.acknowledged
        for segment in [one for one in self._segments if one.end <= acknowledged and one is not self._tail]:
            self._segments.remove(segment)
            segment.delete()
