"""Note how far a spool has been sent, in a file of three numbers that is written in place."""

import os
from pathlib import Path
from struct import Struct
from zlib import crc32

# acknowledged, sent, checksum
NUMBERS = Struct("<QQI")
UNKNOWN = (1 << 64) - 1


class Mark:
    """Everything below `acknowledged` is with the broker; nothing above `sent` was ever handed to a client.

    The file survives the end of the process. After a power cut it may be older, or unreadable, which is as if nothing
    were acknowledged and everything sent. Both ways events are offered again, and the broker drops what it has.
    """

    def __init__(self, path: Path) -> None:
        self.acknowledged, self.sent = 0, UNKNOWN
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o640)
        found = os.read(self._file, NUMBERS.size)
        if len(found) == NUMBERS.size:
            acknowledged, sent, checksum = NUMBERS.unpack(found)
            if checksum == crc32(found[:16]):
                self.acknowledged, self.sent = acknowledged, sent

    def bound(self, position: int) -> None:
        """Nothing above was sent yet, whatever the file does not know."""
        self.sent = min(self.sent, position)
        self._write()

    def acknowledge(self, position: int) -> None:
        self.acknowledged = position
        self._write()

    def send(self, position: int) -> None:
        if position > self.sent:
            self.sent = position
            self._write()

    def close(self) -> None:
        os.close(self._file)

    def _write(self) -> None:
        numbers = NUMBERS.pack(self.acknowledged, self.sent, 0)[:16]
        os.pwrite(self._file, NUMBERS.pack(self.acknowledged, self.sent, crc32(numbers)), 0)
