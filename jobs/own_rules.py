"""Find the shop's own rules, and ask one so that a rule that fails keeps its campaign from giving, and nothing else.

A rule is a file `<name>.py` with one pure function, score (docs/campaigns.md); a campaign names it.
"""

import importlib.util
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import cloudpickle

from errors import SettingsError
from jobs.coupon_rules import Candidate

# What the offer is expected to be worth, in whatever unit ranks campaigns; None: not for this candidate.
Score = Callable[[Candidate, int], float | None]
# A rule by name, asked about a candidate at a moment in milliseconds.
Ask = Callable[[str, Candidate, int], float | None]


def names(folder: Path) -> list[str]:
    """The rules in the folder; a test beside a rule is none, nor is a file that begins with an underscore."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith(("_", "test_")))


def load(folder: Path) -> dict[str, Score]:
    """Every rule of the folder; raises SettingsError for one that is none. Without the folder there are none."""
    return {name: load_one(folder, name) for name in names(folder)}


def load_one(folder: Path, name: str) -> Score:
    """The rule of that name, which a job then carries along; raises SettingsError where it is none."""
    path = folder / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"own_rules.{name}", path)
    if name not in names(folder) or spec is None or spec.loader is None:
        there = ", ".join(names(folder)) or "none"
        raise SettingsError(f"{path}: no such rule; there are {there}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        score: Score = module.score
        inspect.signature(score).bind(None, 0)
    except AttributeError as error:
        raise SettingsError(f"{path}: no function score(candidate, now_ms): {error}") from None
    except Exception as error:  # the file is anybody's
        raise SettingsError(f"{path}: {type(error).__name__}: {error}") from None
    sys.modules[spec.name] = module
    cloudpickle.register_pickle_by_value(module)
    return score


class OwnRules:
    """Asks rules; what goes wrong is told to `on_failure` in a sentence, and answered with None: nobody is let in."""

    def __init__(self, scores: Mapping[str, Score], on_failure: Callable[[str], None]) -> None:
        self._scores = scores
        self._on_failure = on_failure

    def __call__(self, name: str, candidate: Candidate, now_ms: int) -> float | None:
        score = self._scores.get(name)
        if score is None:
            there = ", ".join(sorted(self._scores)) or "none"
            self._on_failure(f"rule {name}: this job has none of that name; there are {there}; upgrade the job")
            return None
        try:
            found = score(candidate, now_ms)
        except Exception as error:  # the rule is anybody's
            self._on_failure(f"rule {name}: {type(error).__name__}: {error}")
            return None
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            self._on_failure(f"rule {name}: it must give a number or None, got {found!r:.100}")
            return None
        return float(found)
