"""Write records to one append-only file, and find after a crash where the last whole one ends.

A record is its length, the length's inverse and the body's CRC-32, then the body: a key, a payload and END. The upper
byte of the key's length is the number of the event's topic. The first record of a segment is the schema of the others.
The inverse tells a length that was changed from a file that ends too early, and END, which is not zero, a record from
the zeros that a power cut leaves where blocks were not written.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from zlib import crc32

from errors import SpoolDamaged

HEAD = Struct("<III")
KEY = Struct("<I")
# Files of before have a zero there: one topic was all there was.
TOPIC_SHIFT = 24
END = b"\xa5"
INVERTED = 0xFFFF_FFFF
# What is read at once.
CHUNK_BYTES = 64 * 1024
# The least that a disk writes whole.
SECTOR_BYTES = 512
ENDS = "the file ends within it"

# position, key, payload, topic
Record = tuple[int, str | None, bytes, int]


def frame(key: str | None, payload: bytes, topic: int = 0) -> bytes:
    """The record of an event of the `topic`th topic."""
    encoded = key.encode() if key else b""
    body = b"".join((KEY.pack(topic << TOPIC_SHIFT | len(encoded)), encoded, payload, END))
    return HEAD.pack(len(body), len(body) ^ INVERTED, crc32(body)) + body


class Segment:
    """A file of records: `first` is the first event's position, `end` the one behind the last.

    `bytes` are written, `synced` of them are on the disk, and `readable` of them may be read.
    """

    def __init__(self, path: Path, end: int, bytes: int, schema: bytes, file: int | None = None) -> None:
        self.path = path
        self.first = int(path.stem)
        self.end = end
        self.bytes = self.synced = self.readable = bytes
        self.schema = schema
        self._file = file

    @classmethod
    def create(cls, path: Path, schema: bytes) -> "Segment":
        """An empty file; the first record must be the schema's."""
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o640)
        sync_folder(path.parent)
        return cls(path, int(path.stem), 0, schema, file)

    @classmethod
    def recover(cls, path: Path, last: bool) -> "Segment | None":
        """A segment that an earlier process wrote; None for one that has no event and is gone now.

        Of the last one, a record that was being written when the process or the power went is cut off. Raises
        SpoolDamaged for anything else that is not as it was written.
        """
        data = path.read_bytes()
        bodies, used, wrong = _parse(data)
        if wrong:
            if not (last and _torn(data, used, wrong)):
                raise _damaged(path, used, wrong)
            os.truncate(path, used)
        if len(bodies) < 2:
            path.unlink()
            return None
        return cls(path, int(path.stem) + len(bodies) - 1, used, _payload(bodies[0]))

    def write(self, data: bytes) -> None:
        """Append all of it or nothing; raises OSError."""
        assert self._file is not None
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            if written:
                os.ftruncate(self._file, self.bytes)
            raise
        self.bytes += len(data)

    def sync(self) -> str | None:
        """Bring the file to the disk; what went wrong, if anything did."""
        assert self._file is not None
        try:
            os.fdatasync(self._file)
        except OSError as error:
            return str(error.strerror)
        return None

    def read(self, start: int, finished: Callable[[], bool]) -> Iterator[tuple[list[Record], int]]:
        """Events from `start` on with the position behind them, until the segment is read and `finished`."""
        start = max(start, self.first)
        file = os.open(self.path, os.O_RDONLY)
        try:
            # The schema stands before the first event.
            offset, position, chunk = 0, self.first - 1, CHUNK_BYTES
            while True:
                done, left = finished(), self.readable - offset
                if not left:
                    if done:
                        return
                    yield [], max(start, position)
                    continue
                data = os.pread(file, min(chunk, left), offset)
                bodies, used, wrong = _parse(data)
                if not used:
                    if wrong != ENDS or chunk >= left:
                        raise _damaged(self.path, offset, wrong or ENDS)
                    chunk *= 4
                    continue
                records = [_record(at, body) for at, body in enumerate(bodies, position) if at >= start]
                offset, position, chunk = offset + used, position + len(bodies), CHUNK_BYTES
                yield records, max(start, position)
        finally:
            os.close(file)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def delete(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let the folder's new names survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _parse(data: bytes) -> tuple[list[bytes], int, str]:
    """The bodies of the records, how many bytes they take, and what is wrong with the rest if there is any."""
    bodies: list[bytes] = []
    at, size = 0, len(data)
    while at < size:
        if size - at < HEAD.size:
            return bodies, at, ENDS
        length, inverse, checksum = HEAD.unpack_from(data, at)
        if length ^ inverse != INVERTED:
            return bodies, at, "its length is not what was written"
        end = at + HEAD.size + length
        if end > size:
            return bodies, at, ENDS
        body = data[at + HEAD.size : end]
        if crc32(body) != checksum:
            return bodies, at, "its checksum is not what was written"
        bodies.append(body)
        at = end
    return bodies, at, ""


def _torn(data: bytes, at: int, wrong: str) -> bool:
    """Whether the record at `at` was never whole: the file ends within it, or zeros stand where blocks are missing."""
    if wrong == ENDS:
        return True
    length, inverse, _ = HEAD.unpack_from(data, at)
    # Without a length that can be believed, the record has the rest of its sector.
    limit = at + HEAD.size + length if length ^ inverse == INVERTED else at + SECTOR_BYTES
    missing = max(at, (min(limit, len(data)) - 1) // SECTOR_BYTES * SECTOR_BYTES)
    return not data[missing:].strip(b"\0")


def _record(position: int, body: bytes) -> Record:
    (found,) = KEY.unpack_from(body)
    at = KEY.size + (found & (1 << TOPIC_SHIFT) - 1)
    return position, body[KEY.size : at].decode() or None, body[at:-1], found >> TOPIC_SHIFT


def _payload(body: bytes) -> bytes:
    return _record(0, body)[2]


def _damaged(path: Path, offset: int, wrong: str) -> SpoolDamaged:
    return SpoolDamaged(
        f"{path}: the record at byte {offset} is damaged: {wrong}; keep a copy of the folder, then "
        f"`truncate -s {offset} {path}` goes on without this record and those behind it"
    )
