"""The age of a spool's oldest event is right to a quarter of a second, and never too little."""

import pytest

from ingest.spool_age import NOTE_S, SpoolAge


@pytest.mark.parametrize(
    ("acknowledged", "age_s"),
    [
        # Left by an earlier process: since the opening.
        (5, 10.0),
        (100, 10.0),
        # Between two notes the earlier one counts.
        (101, 10.0),
        (102, 9.75),
        (103, 5.0),
    ],
)
def test_oldest_is_as_old_as_the_note_at_or_below_it(acknowledged: int, age_s: float) -> None:
    age = SpoolAge(1_000.0)
    for position, at_s in ((100, 1_000.0), (101, 1_000.0 + NOTE_S - 0.01), (102, 1_000.0 + NOTE_S), (103, 1_005.0)):
        age.appended(position, at_s)
    assert age.oldest_s(acknowledged, 1_010.0) == age_s


def test_what_is_appended_after_all_was_taken_is_new() -> None:
    age = SpoolAge(0.0)
    age.appended(1, 10.0)
    assert age.oldest_s(1, 20.0) == 10.0
    age.appended(2, 30.0)
    assert age.oldest_s(2, 31.0) == 1.0
