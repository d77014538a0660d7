"""Durations are read and written with their unit."""

from datetime import timedelta

import pytest

from settings.duration import parse, text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("250 ms", timedelta(milliseconds=250)),
        ("5s", timedelta(seconds=5)),
        ("15 min", timedelta(minutes=15)),
        ("1 h", timedelta(hours=1)),
        ("7 d", timedelta(days=7)),
    ],
)
def test_text_and_duration_are_one(written: str, meant: timedelta) -> None:
    assert parse(written) == meant
    assert parse(text(meant)) == meant


@pytest.mark.parametrize("wrong", ["30", 30, "5 minutes", "-1 s", "", None])
def test_what_has_no_known_unit_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="such as '15 min'"):
        parse(wrong)


def test_what_no_duration_can_hold_is_refused() -> None:
    assert parse("999999999 d") == timedelta(days=999_999_999)
    with pytest.raises(ValueError, match="a duration is below 1,000,000,000 d"):
        parse("1000000000 d")
