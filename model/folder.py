"""Keep trained models as files: <folder>/<name>/<version>/ with model.json and report.json."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import SettingsError
from model.definition import Model, parse

MODEL, REPORT = "model.json", "report.json"


@dataclass(frozen=True)
class Saved:
    """A model on the disk, and its training's report; {} where it has none."""

    text: str
    model: Model
    report: dict[str, Any]


def versions(folder: Path, name: str) -> list[int]:
    """The versions of a model that are there, the oldest first."""
    return sorted(int(path.parent.name) for path in (folder / name).glob(f"*/{MODEL}") if path.parent.name.isdecimal())


def names(folder: Path) -> list[str]:
    """The models of which there is a version."""
    return sorted({path.parent.parent.name for path in folder.glob(f"*/*/{MODEL}")})


def next_version(folder: Path, name: str) -> int:
    """The number of the next training."""
    return max(versions(folder, name), default=0) + 1


def save(folder: Path, text: str, report: dict[str, Any]) -> Path:
    """Write a version, at once or not at all; gives its folder. Raises SettingsError where it is there."""
    model = parse(text)
    place = folder / model.name / str(model.version)
    if place.exists():
        raise SettingsError(f"{place}: there is a version {model.version} of {model.name}; train again for the next")
    draft = place.with_name(f".{place.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    (draft / MODEL).write_text(text + "\n", encoding="utf-8")
    (draft / REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return draft.rename(place)


def load(folder: Path, name: str, version: int | None = None) -> Saved:
    """A version, by default the newest; raises SettingsError where there is none, or it is none."""
    there = versions(folder, name)
    if not there or (version is not None and version not in there):
        known = ", ".join(f"{one} {number}" for one in names(folder) for number in versions(folder, one)) or "none"
        raise SettingsError(f"{folder}: no model {name} {version or ''}; there are {known}")
    place = folder / name / str(there[-1] if version is None else version)
    try:
        text = (place / MODEL).read_text(encoding="utf-8").strip()
        model = parse(text)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{place / MODEL}: {error}") from None
    if (model.name, str(model.version)) != (name, place.name):
        raise SettingsError(
            f"{place / MODEL}: it must be {name} version {place.name}, got {model.name} {model.version}"
        )
    report = place / REPORT
    return Saved(text, model, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {})
