"""Lay out a sale's traffic as phases, and say which phase a moment belongs to.

warm_up    between base and peak, until the compilers have seen the load; not judged
normal     the base rate
ramp       a straight line from base to peak
peak       the peak rate
afterglow  the base rate again, while what the peak left behind is drained
"""

from collections.abc import Iterator, Sequence

from errors import SettingsError
from ingest.profile import Phase

WARM_UP = "warm_up"
PEAK = "peak"
# Until then the optimizing compiler has a quarter of the TaskManager's time, and a cold burst saturates at a third.
WARM_UP_S = 30.0
# Shares of the rest; on the ramp the fit finds most of its rates, so it is the longest.
SHARES = {"normal": 0.2, "ramp": 0.3, PEAK: 0.25, "afterglow": 0.25}


def sale(base_per_s: float, peak_per_s: float, seconds: float, warm_up_s: float = WARM_UP_S) -> list[Phase]:
    """A warm-up and the phases of a sale of so many seconds; raises SettingsError for what makes none."""
    if not 0 < base_per_s <= peak_per_s:
        raise SettingsError(
            f"rehearse: --base must be above 0 and at most --peak, got {base_per_s:g} and {peak_per_s:g}"
        )
    if seconds < 1:
        raise SettingsError(f"rehearse: --seconds must be at least 1, got {seconds:g}")
    warm_per_s = (base_per_s * peak_per_s) ** 0.5
    rates = {
        "normal": (base_per_s, base_per_s),
        "ramp": (base_per_s, peak_per_s),
        PEAK: (peak_per_s, peak_per_s),
        "afterglow": (base_per_s, base_per_s),
    }
    warm_up = Phase(WARM_UP, warm_per_s, warm_per_s, warm_up_s)
    return [warm_up, *(Phase(name, *rates[name], share * seconds) for name, share in SHARES.items())]


def spans(phases: Sequence[Phase]) -> Iterator[tuple[Phase, float, float]]:
    """Each phase with the second it begins and the second it ends."""
    begins_s = 0.0
    for phase in phases:
        yield phase, begins_s, begins_s + phase.duration_s
        begins_s += phase.duration_s


def phase_at(phases: Sequence[Phase], second: float) -> str | None:
    """The name of the phase that the second falls into; None before the first and after the last."""
    return next((phase.name for phase, begins_s, ends_s in spans(phases) if begins_s <= second < ends_s), None)


def duration_s(phases: Sequence[Phase]) -> float:
    return sum(phase.duration_s for phase in phases)


def peak_per_s(phases: Sequence[Phase]) -> float:
    """The highest rate of the schedule, in events/s."""
    return max(max(phase.events_per_s, phase.events_per_s_end) for phase in phases)


def text(phases: Sequence[Phase]) -> str:
    """The phases as a profile, which bench.load and `hongbao simulate` read."""
    return ",".join(
        f"{phase.name}={phase.events_per_s:f}-{phase.events_per_s_end:f}x{phase.duration_s:f}s" for phase in phases
    )
