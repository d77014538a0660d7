"""Run the same load with one setting changed at a time, in turn, and hold the figures beside each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.drain import JOBS
from bench.spread import spread
from errors import SettingsError
from ingest.lane import COMPRESSIONS
from ingest.profile import Phase
from rehearsal.figures import by_phase
from rehearsal.phases import PEAK
from rehearsal.run import FOLDER, Load, Outcome, rehearse
from settings import Stack, read

Say = Callable[[str], None]
# A figure of a variant, and to how many digits it is told.
FIGURES = {"p50_ms": 0, "p99_ms": 0, "read_per_s": 0, "unread": 0, "drain_s": 1, "cores": 2, "bytes_per_event": 1}


@dataclass(frozen=True)
class Variant:
    """One value of a factor: what it does to the load, and to the settings of the stack."""

    factor: str
    value: str
    load: Mapping[str, Any]
    settings: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.factor} {self.value}"


def _partitions(value: str) -> tuple[dict[str, Any], dict[str, str]]:
    return {}, {"HONGBAO_PULSAR_CLICK_PARTITIONS": str(_number(value))}


def _parallelism(value: str) -> tuple[dict[str, Any], dict[str, str]]:
    slots = max(read(Stack).slots, _number(value) * len(JOBS))
    jobs = {f"HONGBAO_{job.upper()}_PARALLELISM": value for job in JOBS}
    return {}, {**jobs, "HONGBAO_STACK_SLOTS": str(slots)}


def _batch(value: str) -> tuple[dict[str, Any], dict[str, str]]:
    return {"batch_delay_ms": _number(value)}, {}


def _compression(value: str) -> tuple[dict[str, Any], dict[str, str]]:
    if value not in COMPRESSIONS:
        raise ValueError(f"one of {', '.join(COMPRESSIONS)}")
    return {"compression": value}, {}


def _number(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise ValueError("a whole number from 1 on")
    return int(value)


FACTORS: Mapping[str, Callable[[str], tuple[dict[str, Any], dict[str, str]]]] = {
    "partitions": _partitions,
    "parallelism": _parallelism,
    "batch_delay_ms": _batch,
    "compression": _compression,
}


def parse(text: str) -> list[Variant]:
    """The variants of `factor=value,value`; raises SettingsError with what is allowed."""
    factor, _, values = text.partition("=")
    if factor not in FACTORS or not values:
        raise SettingsError(f"rehearse: --vary takes factor=value,value; factors: {', '.join(FACTORS)}; got {text!r}")
    found = []
    for value in values.split(","):
        try:
            found.append(Variant(factor, value, *FACTORS[factor](value)))
        except ValueError as error:
            raise SettingsError(f"rehearse: --vary {factor} takes {error}, got {value!r}") from None
    return found


def vary(
    asked: Sequence[str],
    phases: Sequence[Phase],
    seed: int,
    repeats: int = 1,
    say: Say = lambda _: None,
    folder: Path = FOLDER,
) -> list[dict[str, Any]]:
    """One object a variant: factor, value, and each figure's least, median and most; all variants have their turn in
    each repeat, each on a stack of its own."""
    variants = [variant for text in asked for variant in parse(text)]
    found: dict[str, list[dict[str, float]]] = {variant.name: [] for variant in variants}
    for repeat in range(repeats):
        for variant in variants:
            say(f"{repeat + 1} of {repeats}: {variant.name}")
            load = replace(Load(phases, seed), **variant.load)
            outcome = rehearse(
                load, say=say, folder=folder / f"{variant.factor}-{variant.value}", settings=variant.settings
            )
            found[variant.name].append(figures(outcome))
    return [{"factor": variant.factor, "value": variant.value, **summed(found[variant.name])} for variant in variants]


def figures(outcome: Outcome) -> dict[str, float]:
    """What a variant is held by: of the peak, or without a phase of that name of the last; latency in milliseconds.

    `drain_s` is left out where the jobs never caught up. `cores` are those of all our processes.
    """
    phases = by_phase(outcome.run)
    peak = next((one for one in phases if one["phase"] == PEAK), phases[-1])
    sent = [one for one in outcome.run.intervals if one.published_per_s > 0]
    read_per_s = max((min(one.read_per_s.values(), default=0.0) for one in outcome.run.intervals), default=0.0)
    events = sum(one.published_per_s for one in sent)
    return {
        "p50_ms": peak["latency_ms"]["all"]["p50"],
        "p99_ms": peak["latency_ms"]["all"]["p99"],
        # By the slowest job, at its best.
        "read_per_s": read_per_s,
        "unread": max(peak["unread"].values(), default=0),
        **({} if peak["drain_s"] is None else {"drain_s": peak["drain_s"]}),
        "cores": sum(process["mean"] for process in peak["cores"].values()),
        "bytes_per_event": sum(one.bytes_per_s for one in sent) / events if events else 0.0,
    }


def summed(repeats: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Least, median and most of each figure, None for one that no repeat has."""
    values = {name: [one[name] for one in repeats if name in one] for name in FIGURES}
    return {name: spread(values[name], digits) if values[name] else None for name, digits in FIGURES.items()}
