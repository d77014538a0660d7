"""The scorecard that comes along, from its file."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from errors import SettingsError
from model.definition import Model, parse, written
from settings.duration import parse as duration

FILE = Path(__file__).parent / "scorecard.toml"


def definition(path: Path = FILE) -> str:
    """The text of the scorecard in a file; raises SettingsError with the file's name where it holds none."""
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        horizon_ms = duration(found.pop("horizon", None)) // timedelta(milliseconds=1)
        text = written({**found, "kind": "scorecard", "horizon_ms": horizon_ms})
        parse(text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from None
    return text


def scorecard(path: Path = FILE) -> Model:
    """The scorecard in the file."""
    return parse(definition(path))
