"""A half-written last entry is cut off a journal, and nothing else ever is."""

import struct
from pathlib import Path

from stack.journal import HEADER_BYTES, Cut, crc32c, mend

SIZE = 65_536


def entry(ledger: int, number: int, payload: bytes) -> bytes:
    head = struct.pack(">qqqq", ledger, number, number - 1, len(payload))
    body = head + struct.pack(">I", crc32c(head + payload)) + payload
    return struct.pack(">i", len(body)) + body


def padding(length: int) -> bytes:
    return struct.pack(">ii", -0x100, length) + bytes(length)


def journal(folder: Path, *records: bytes, name: str = "1a0.txn") -> Path:
    content = b"BKLG" + struct.pack(">i", 6) + bytes(HEADER_BYTES - 8) + b"".join(records)
    file = folder / "current" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content + bytes(SIZE - len(content)))
    return file


FENCE = struct.pack(">iqq", 16, 53, -0x2000)
WHOLE = (entry(53, 0, b"first" * 50), padding(100), FENCE, entry(7, 0, b"other" * 30))
LAST = entry(53, 1, b"second" * 100)


def test_checksum_is_castagnolis() -> None:
    assert crc32c(b"123456789") == 0xE306_9283


def test_whole_journal_stays_as_it_is(tmp_path: Path) -> None:
    file = journal(tmp_path, *WHOLE, LAST, padding(20))
    before = file.read_bytes()
    assert mend(tmp_path) is None
    assert file.read_bytes() == before


def test_entry_cut_by_a_kill_is_taken_off(tmp_path: Path) -> None:
    whole = journal(tmp_path, *WHOLE).read_bytes()
    file = journal(tmp_path, *WHOLE, LAST[:300])
    at = HEADER_BYTES + sum(map(len, WHOLE))
    assert mend(tmp_path) == Cut(file, at, 53, 1)
    assert file.read_bytes() == whole
    assert mend(tmp_path) is None


def test_cut_within_the_length_is_taken_off(tmp_path: Path) -> None:
    whole = journal(tmp_path, *WHOLE).read_bytes()
    file = journal(tmp_path, *WHOLE, LAST[:3])
    mend(tmp_path)
    assert file.read_bytes() == whole


def test_only_the_newest_journal_is_looked_at(tmp_path: Path) -> None:
    older = journal(tmp_path, *WHOLE, LAST[:300], name="9f.txn")
    before = older.read_bytes()
    journal(tmp_path, *WHOLE, name="1a0.txn")
    assert mend(tmp_path) is None
    assert older.read_bytes() == before


def test_record_without_a_digest_is_left_alone(tmp_path: Path) -> None:
    file = journal(tmp_path, *WHOLE, FENCE)
    before = file.read_bytes()
    assert mend(tmp_path) is None
    assert file.read_bytes() == before


def test_bookie_that_never_ran_has_nothing_to_mend(tmp_path: Path) -> None:
    assert mend(tmp_path) is None
