"""A reader's place in a topic's ledgers says which entry it has not been given."""

from typing import Any

import pytest

from pressure.gauge import unread


def state(last: str, *ledgers: tuple[int, int]) -> dict[str, Any]:
    """internalStats of a topic with these ledgers and their entries; the newest says nothing of its own."""
    listed = [{"ledgerId": ledger, "entries": entries} for ledger, entries in ledgers]
    current = listed[-1]["entries"]
    listed[-1]["entries"] = 0
    return {"lastConfirmedEntry": last, "ledgers": listed, "currentLedgerEntries": current}


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ((5, 3), (5, 3)),
        ((5, -1), (5, 0)),
        # Behind the last of its ledger, in one that is gone, in one that is empty.
        ((5, 10), (7, 0)),
        ((4, 99), (5, 0)),
        ((6, 0), (7, 0)),
        ((7, 19), (7, 19)),
        ((7, 20), None),
        ((8, 0), None),
    ],
)
def test_next_entry_is_found_across_ledgers(at: tuple[int, int], found: tuple[int, int] | None) -> None:
    assert unread(state("7:19", (5, 10), (6, 0), (7, 20)), at) == found


def test_topic_without_a_message_has_none() -> None:
    assert unread(state("5:-1", (5, 0)), (5, 0)) is None
