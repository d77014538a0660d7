"""A deferred event is pending until it was moved, and then like any other."""

import json
from pathlib import Path

from tests.ledger.plants import Run, found, message_id, told
from tests.warehouse.landing import START


def moved(run: Run, **ids: str | None) -> Path:
    """The mover's book: of each deferred message, named by its number, the message it became."""
    folder = run.folder / "moved"
    folder.mkdir(exist_ok=True)
    rows = [
        {
            "event_id": f"event-{name.removeprefix('m')}",
            "deferred_message_id": message_id(int(name.removeprefix("m"))),
            "message_id": became,
            "moved_at": START.isoformat(),
        }
        for name, became in ids.items()
    ]
    (folder / "2026-11-11.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_deferred_events_are_pending_until_they_are_moved_and_then_like_any_other(run: Run) -> None:
    for number in (20, 21, 22, 23):
        run.publish(number, deferred=True)
    run.add("events", 20, message_id=message_id(90))
    # Its mover was killed before it knew the message.
    run.add("events", 21, message_id=message_id(91))
    book = moved(run, m20=message_id(90), m21=None, m22=message_id(92))
    run.write()
    done = told(run, settled=False, positions={0: (1, 95)}, moved=(book,))
    assert found(done) == [("lost", "event-22")]
    counted = ("landed", "pending", "lost", "deferred", "not_moved", "foreign_messages")
    assert [done.events[name] for name in counted] == [10, 1, 1, 4, 1, 0]


def test_deferred_event_that_was_not_moved_is_lost_where_everything_must_have_arrived(run: Run) -> None:
    run.publish(20, deferred=True)
    (finding,) = told(run.write()).findings
    assert finding.what.startswith(
        "deferred by its publisher, and not moved: cart_viewed of anna, acknowledged as 1:20"
    )
