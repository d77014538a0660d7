"""Say what is wrong with a file that a person wrote, a sentence a key."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from settings.reader import instead


class Fault(NamedTuple):
    """What is wrong at a dotted key."""

    key: str
    sentence: str


def read_toml(path: Path) -> tuple[dict[str, Any], str | None]:
    """What the file says, and a sentence where it is not to be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, f"{path}: not TOML: {error}"
    except OSError as error:
        return {}, f"{path}: cannot be read: {error.strerror}"


def fault_of(error: Any, key: str, part: type[BaseModel], example: str) -> Fault:
    """What pydantic found; `part` has the keys that may stand there, `example` is for one that is missing."""
    match error["type"]:
        case "missing":
            return Fault(key, f"missing; give {example}")
        case "extra_forbidden":
            return Fault(key, f"no such key; {instead(str(error['loc'][-1]), list(part.model_fields))}")
        case "too_short":
            return Fault(key, f"at least one, got {found(error['input'])}")
        case _:
            return Fault(key, f"{error['msg'].removeprefix('Value error, ')}, got {found(error['input'])}")


def found(value: Any) -> str:
    """A value as a sentence ends with it."""
    text = str(value) if isinstance(value, datetime) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
