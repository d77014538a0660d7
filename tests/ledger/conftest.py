"""A run in which all is well, for each test to spoil."""

from pathlib import Path

import pytest

from tests.ledger.plants import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Ten messages: eight land, one is a dead letter, one a duplicate of the first."""
    run = Run(tmp_path)
    for number in range(8):
        run.publish(number)
        run.add("events", number)
    run.publish(8, expected="dead_letter")
    run.add("dead_letters", 8)
    run.publish(9, expected="duplicate", event_id="event-0")
    run.add("duplicates", 9, event_id="event-0")
    return run
