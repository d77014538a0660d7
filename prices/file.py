"""Read a price rule's file, and say everything that is wrong with it, a sentence each."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from campaigns.definition import Count, Part, Text
from campaigns.faults import Fault, fault_of, read_toml
from errors import SettingsError
from prices.rule import Bound, PriceRule, Share, Step, WindowKind
from settings.duration import Duration

EXAMPLES = {
    "category": 'a category as click events name it, such as "tea"',
    "least_viewers": "how many shoppers must have viewed, such as 200",
    "low": "the share of viewers who buy below which the price falls, such as 0.02",
    "high": "the share of viewers who buy above which it rises, such as 0.05",
    "step_percent": "a step in percent of the list price, such as 5",
    "floor_percent": "the least price in percent of the list price, such as 80",
    "hold": 'the least time between two changes, such as "10 min"',
}


class PriceFile(Part):
    """A price rule as its file has it: durations with their unit."""

    category: Text
    description: str = ""
    window: WindowKind = "hop_5m"
    least_viewers: Count
    low: Share
    high: Share
    step_percent: Step
    floor_percent: Bound
    ceiling_percent: Bound = 100
    hold: Duration

    @property
    def rule(self) -> PriceRule:
        """The same as the topic carries it."""
        same = self.model_dump(exclude={"description", "window", "hold"})
        return PriceRule(**same, window_kind=self.window, hold_ms=self.hold // timedelta(milliseconds=1))


def read_folder(folder: Path) -> tuple[dict[str, PriceRule], list[str]]:
    """The rules of the folder's *.toml by category, and every fault, each a sentence with its file.

    Raises SettingsError where there is no such folder.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder}: no such folder; create it or set [prices] folder")
    rules: dict[str, PriceRule] = {}
    origins: dict[str, Path] = {}
    faults: list[str] = []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() == ".toml"):
        rule, wrong = read_file(path)
        faults += wrong
        if rule is None:
            continue
        if rule.category in rules:
            first = origins[rule.category]
            faults.append(f"{path}: category: {first} has it too; remove one, got {rule.category!r}")
            continue
        rules[rule.category], origins[rule.category] = rule, path
    return rules, faults


def valid(folder: Path) -> dict[str, PriceRule]:
    """The rules of the folder; raises SettingsError with every fault where there is one."""
    rules, faults = read_folder(folder)
    if faults:
        raise SettingsError("\n".join(faults))
    return rules


def read_file(path: Path) -> tuple[PriceRule | None, list[str]]:
    """The rule in the file, or None with every fault, each a sentence that begins with the file's name."""
    raw, fault = read_toml(path)
    if fault:
        return None, [fault]
    rule, faults = check(raw)
    return rule, [f"{path}: {fault.key}: {fault.sentence}" for fault in faults]


def check(raw: Mapping[str, Any]) -> tuple[PriceRule | None, list[Fault]]:
    """The rule that a file's TOML says, or None with every fault."""
    try:
        rule = PriceFile.model_validate(raw).rule
    except ValidationError as error:
        return None, [_fault(one) for one in error.errors()]
    faults = list(across(rule))
    return (None if faults else rule), faults


def across(rule: PriceRule) -> Iterator[Fault]:
    """What is wrong between keys, each right alone."""
    if rule.high <= rule.low:
        # One bound for both would flap: each change brings the conversion back over it.
        yield Fault("high", f"it must be above low {rule.low:g}, got {rule.high:g}")
    if rule.ceiling_percent < rule.floor_percent:
        yield Fault(
            "ceiling_percent", f"it must be at least floor_percent {rule.floor_percent}, got {rule.ceiling_percent}"
        )


def _fault(error: Any) -> Fault:
    key = ".".join(map(str, error["loc"]))
    return fault_of(error, key, PriceFile, EXAMPLES.get(key, ""))
