"""Keep books and land what became of each message, as publisher and jobs do; then plant what must be found."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from ingest.ledger import Ledger
from ledger import Account, Asked, account
from tests.warehouse.landing import START, Row, event, land

TOPIC = "persistent://hongbao/events/clicks-partition-0"


def message_id(number: int) -> str:
    return f"1:{number}:0:0"


def milliseconds(moment: Any) -> int:
    return int(moment.timestamp() * 1000)


@dataclass
class Run:
    """Rows of the books and of each table, collected; `write` puts them on disk."""

    folder: Path
    books: list[tuple[Any, ...]] = field(default_factory=list)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, number: int, expected: str = "landed", acknowledged: bool = True, **fields: Any) -> None:
        """A line in the books: message `number`, published so many seconds after the start."""
        at_ms = milliseconds(fields.get("published_at", START + timedelta(seconds=number)))
        event_id = fields.get("event_id", f"event-{number}")
        known = message_id(number) if acknowledged else None
        deferred = fields.get("deferred", False)
        self.books.append(
            (number, "normal", event_id, "anna", "cart_viewed", at_ms, at_ms, acknowledged, known, expected, deferred)
        )

    def add(self, table: str, number: int, **fields: Any) -> None:
        """A row of message `number` in a table."""
        at = START + timedelta(seconds=number)
        row = event(number, event_type="cart_viewed", occurred_at=at, published_at=at, message_id=message_id(number))
        dead = {"reason": "quantity is 0; the least is 1", "field": "quantity", "payload": b"", "properties": {}}
        late = {"late_by_ms": 1, "first_seen_at": at, "watermark_at": at}
        more: dict[str, dict[str, Any]] = {
            "dead_letters": dead | {"first_seen_at": at},
            "late_events": late,
            "events": {},
            "duplicates": {},
        }
        whole = row | {"topic": TOPIC} | more[table] | fields
        self.tables.setdefault(table, []).append(whole)

    def coupon(self, name: str, **fields: Any) -> None:
        """A coupon that was decided and sent at the start."""
        row = {"coupon_id": name, "shopper_id": "anna", "rule": "hesitation", "decided_at": START, "sent_at": START}
        self.tables.setdefault("coupons", []).append(row | fields)

    def receive(self, name: str, **fields: Any) -> None:
        """A line in the receipts."""
        self.receipts.append({"coupon_id": name, "received_ms": milliseconds(START)} | fields)

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    def write(self) -> "Run":
        """Put everything on disk; each row lands in a file of its own where a table asks for `part`."""
        books = Ledger(self.ledger)
        for line in self.books:
            books.add(line)
        books.close()
        for table, rows in self.tables.items():
            by_part: dict[str, list[Row]] = {}
            for row in rows:
                by_part.setdefault(row.get("part", "part-0"), []).append(
                    {name: value for name, value in row.items() if name != "part"}
                )
            for part, of_part in by_part.items():
                land(self.warehouse, table, of_part, part=part)
        return self


def told(run: Run, settled: bool = True, **asked: object) -> Account:
    """What the ledger says of all that was written."""
    receipts = []
    if run.receipts:
        receipts.append(run.folder / "receipts.jsonl")
        receipts[0].write_text("".join(json.dumps(line) + "\n" for line in run.receipts), encoding="utf-8")
    question = Asked(books=(run.ledger,), receipts=tuple(receipts), settled=settled, **asked)  # type: ignore[arg-type]
    return account(question, run.warehouse)


def found(told: Account) -> list[tuple[str, str]]:
    """Kind and id of each finding."""
    return sorted((finding.kind, finding.id) for finding in told.findings)
