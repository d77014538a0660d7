"""Read the file of segments that audiences name, and say everything that is wrong with it, a sentence each."""

from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from campaigns.definition import Amount, Audience, Bounds, Conditions, Name, Part, Segment
from campaigns.faults import Fault, fault_of, found, read_toml
from settings.duration import parse

# Beside the campaigns, which are the other files of the folder.
FILE = "segments.toml"
# By name; None is one that the file has wrong.
Segments = Mapping[str, Segment | None]
Milliseconds = Annotated[Amount, BeforeValidator(lambda value: parse(value) // timedelta(milliseconds=1))]


class Span(Bounds):
    """Bounds on a length of time, as written: with a unit."""

    at_least: Milliseconds | None = None
    at_most: Milliseconds | None = None


class FileSegment(Part):
    """A segment as written: bounds on what is known of a shopper; all must hold."""

    description: str = ""
    events: Bounds | None = None
    since_order: Span | None = None
    orders: Bounds | None = None
    lines: Bounds | None = None
    coupon_lines: Bounds | None = None
    pieces: Bounds | None = None
    spent_minor: Bounds | None = None
    looks: Bounds | None = None
    looked_minor: Bounds | None = None
    adds: Bounds | None = None
    newest_categories: Bounds | None = None
    of_category: Bounds | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self._bounds:
            raise ValueError("a bound on at least one feature, such as orders = { at_least = 1 }")
        return self

    @property
    def _bounds(self) -> dict[str, Any]:
        return self.model_dump(exclude={"description"}, exclude_none=True)

    @property
    def segment(self) -> Segment:
        """The same as a campaign's definition carries it."""
        milliseconds = {"since_order": "since_order_ms"}
        return SEGMENT.validate_python({milliseconds.get(name, name): one for name, one in self._bounds.items()})


def _known(value: str, info: ValidationInfo) -> str:
    known: Segments = info.context or {}
    if value not in known:
        near = get_close_matches(value, known, 1)
        raise ValueError(f"a segment of {FILE}: {', '.join(near or known) or 'there is none'}")
    if known[value] is None:
        raise ValueError(f"a segment that {FILE} has right")
    return value


Known = Annotated[Name, AfterValidator(_known)]


class FileAudience(Conditions):
    """A campaign's audience as written: segments by their names alone."""

    segments: Annotated[tuple[Known, ...], Field(strict=False, min_length=1)] | None = None

    def with_bounds(self, known: Segments) -> Audience:
        """The same as the campaign's definition carries it."""
        others = self.model_dump(exclude={"segments"})
        if self.segments is None:
            return Audience(**others)
        return Audience(**others, segments={name: one for name in self.segments if (one := known[name]) is not None})


SEGMENT = TypeAdapter[Segment](Segment)
NAMED = TypeAdapter(dict[Name, FileSegment])


def read_segments(path: Path) -> tuple[Segments, list[str]]:
    """The segments of the file, none without one, and every fault, each a sentence that begins with the file's name."""
    if not path.exists():
        return {}, []
    raw, fault = read_toml(path)
    if fault:
        return {}, [fault]
    segments: dict[str, Segment | None] = {}
    faults = []
    for name, table in raw.items():
        segments[name], wrong = check(name, table)
        faults += [f"{path}: {fault.key}: {fault.sentence}" for fault in wrong]
    return segments, faults


def check(name: str, table: Any) -> tuple[Segment | None, list[Fault]]:
    """The segment that a table of the file says, or None with every fault."""
    try:
        return NAMED.validate_python({name: table}, strict=True)[name].segment, []
    except ValidationError as error:
        return None, [_fault(one) for one in error.errors()]


def _fault(error: Any) -> Fault:
    # A name that is wrong is told at "[key]" of itself.
    where = error["loc"][: 1 if error["loc"][1:] == ("[key]",) else None]
    key = ".".join(map(str, where))
    if error["type"] == "model_type":
        example = f"[{key}]" if len(where) == 1 else "{ at_least = 1 }"
        return Fault(key, f"a table such as {example}, got {found(error['input'])}")
    return fault_of(error, key, FileSegment if len(where) == 2 else Bounds, "")
