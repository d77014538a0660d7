"""Read a model from the text that travels: one JSON object of kind scorecard or boosted. Pure."""

import json
from collections.abc import Callable
from typing import Any, Protocol

from model.boosted import Boosted
from model.inputs import Inputs
from model.scorecard import Scorecard

# The connector refuses a longer one: it goes to Python with each candidate.
MOST_CHARACTERS = 262_144


class Model(Protocol):
    """What the choice of an offer asks."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def horizon_ms(self) -> int: ...

    def propensity(self, asked: Inputs) -> float:
        """The chance of an order within `horizon_ms`, from 0 to 1."""

    def contributions(self, asked: Inputs) -> dict[str, float]:
        """What each input adds, in points or in log-odds."""


KINDS: dict[str, Callable[[Any], Model]] = {"scorecard": Scorecard.of, "boosted": Boosted.of}


def parse(text: str) -> Model:
    """The model that the text says; raises ValueError with a sentence where it says none."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"at most {MOST_CHARACTERS:,} characters, got {len(text):,}")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from None
    kind = found.get("kind") if isinstance(found, dict) else None
    if kind not in KINDS:
        raise ValueError(f"kind: {' or '.join(KINDS)}, got {kind!r}")
    for key, least in (("version", 1), ("horizon_ms", 1)):
        if not isinstance(found.get(key), int) or isinstance(found[key], bool) or found[key] < least:
            raise ValueError(f"{key}: a whole number of at least {least}, got {found.get(key)!r}")
    if not isinstance(found.get("name"), str) or not found["name"]:
        raise ValueError(f"name: a text, got {found.get('name')!r}")
    return KINDS[kind](found)


def written(definition: dict[str, Any]) -> str:
    """The text of a definition; equal definitions, equal text."""
    return json.dumps(definition, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class Kept:
    """The model of the newest text that is one: a text that is none leaves the last good one, and is told once."""

    def __init__(self, default: Model, on_failure: Callable[[str], None]) -> None:
        self._default = default
        self._on_failure = on_failure
        self._text: str | None = None
        self._model = default

    def __call__(self, text: str | None) -> Model:
        """The model to ask; without a text the one that comes along."""
        if text != self._text:
            self._text = text
            try:
                self._model = self._default if text is None else parse(text)
            except ValueError as error:
                self._on_failure(f"model: {error}; {self._model.name} version {self._model.version} goes on")
        return self._model
