"""A length of time as people write it: 250 ms, 5 s, 15 min, 1 h, 7 d."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
TEXT = re.compile(r"\s*(\d+)\s*([a-z]+)\s*")


def parse(value: Any) -> Any:
    """The duration a text names; a bare number has no unit and is refused."""
    if isinstance(value, timedelta):
        return value
    match = TEXT.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in UNITS:
        raise ValueError("a duration is a whole number and one of ms, s, min, h, d, such as '15 min'")
    try:
        return int(match[1]) * UNITS[match[2]]
    except OverflowError:
        raise ValueError("a duration is below 1,000,000,000 d") from None


def text(duration: timedelta) -> str:
    """The shortest text that `parse` reads back."""
    for unit, length in reversed(UNITS.items()):
        if duration % length == timedelta(0):
            return f"{duration // length} {unit}"
    raise ValueError(f"settings: {duration} is not whole milliseconds")


Duration = Annotated[timedelta, BeforeValidator(parse), PlainSerializer(text, when_used="json")]
