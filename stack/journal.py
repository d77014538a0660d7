"""Take a half-written entry off the end of a killed bookie's journal.

SIGKILL ends a write at a page's border; what follows in the preallocated file is zeros. BookKeeper (4.17) checks no
digest when it replays its journal, so the half entry becomes its ledger's last, no ledger recovery can read it, and
the topic stays closed for good: a broker killed under load came back without one of two coupon partitions. What was
cut off was never flushed, so nobody was told that it was taken.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

# A file starts with a header; format 5 and 6 (BookKeeper 4.10 on) pad it to a block.
MAGIC = b"BKLG"
HEADER_BYTES = 512
# A record is its length and so many bytes; this length instead says that padding follows.
PADDING = -0x100
LENGTH = struct.Struct(">i")
# An entry is ledger, entry, last confirmed, length so far, digest, and what was published.
ENTRY = struct.Struct(">qqqqI")
DIGEST_AT = 32


@dataclass(frozen=True)
class Cut:
    """What was taken off: entry `entry` of ledger `ledger`, at byte `at` of `file`."""

    file: Path
    at: int
    ledger: int
    entry: int


def mend(folder: Path) -> Cut | None:
    """Cut a half-written last entry off the newest journal under `folder`, a bookie's that does not run."""
    files = sorted(folder.rglob("*.txn"), key=lambda file: int(file.stem, 16))
    return _mend(files[-1]) if files else None


def _mend(file: Path) -> Cut | None:
    journal = file.read_bytes()
    if journal[:4] != MAGIC or int.from_bytes(journal[4:8], "big") < 5:
        return None
    at = _last_record(journal)
    if at is None:
        return None
    (length,) = LENGTH.unpack_from(journal, at)
    record = journal[at + LENGTH.size : at + LENGTH.size + length]
    if len(record) < ENTRY.size:
        # A ledger's key or fence, which has no digest.
        return None
    ledger, entry, _, _, digest = ENTRY.unpack_from(record)
    if entry < 0 or digest == crc32c(record[:DIGEST_AT] + record[ENTRY.size :]):
        return None
    with file.open("r+b") as mended:
        mended.seek(at)
        # A length of nothing ends a journal.
        mended.write(bytes(len(journal) - at))
    return Cut(file, at, ledger, entry)


def _last_record(journal: bytes) -> int | None:
    """Where the last record that is no padding starts."""
    at, last = HEADER_BYTES, None
    while at + LENGTH.size <= len(journal):
        (length,) = LENGTH.unpack_from(journal, at)
        if length == PADDING:
            at += LENGTH.size
            (length,) = LENGTH.unpack_from(journal, at)
        elif length > 0:
            last = at
        else:
            break
        at += LENGTH.size + length
    return last


def crc32c(content: bytes) -> int:
    """Castagnoli's checksum: the digest Pulsar gives its entries."""
    value = 0xFFFF_FFFF
    for byte in content:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF_FFFF


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F6_3B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()
