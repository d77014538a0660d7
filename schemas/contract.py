"""Load a record's Avro schema, with the rules its fields carry."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
from fastavro.types import Schema

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Contract:
    """One record: `definition` is the .avsc as JSON, `parsed` what fastavro encodes with."""

    name: str
    definition: dict[str, Any]
    parsed: Schema

    @property
    def text(self) -> str:
        """The .avsc as compact JSON: what the registry stores."""
        return json.dumps(self.definition, ensure_ascii=False, separators=(",", ":"))

    @property
    def fields(self) -> list[dict[str, Any]]:
        return list(self.definition["fields"])


def names() -> list[str]:
    """Every record's name, that is its file's stem, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.avsc"))


@cache
def load(name: str) -> Contract:
    """Load `schemas/<name>.avsc`; an unknown name raises KeyError with the names there are."""
    path = FOLDER / f"{name}.avsc"
    if not path.exists():
        raise KeyError(f"schemas: no record {name!r}; there are {', '.join(names())}")
    definition = json.loads(path.read_text(encoding="utf-8"))
    return Contract(name, definition, fastavro.parse_schema(definition))
