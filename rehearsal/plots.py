"""Draw a rehearsal: one function a plot, each a figure over the seconds of the schedule with its phases shaded."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from rehearsal.capacity import FULL, Needs
from rehearsal.figures import Rehearsed, checkpoints, due_ms
from rehearsal.phases import spans
from rehearsal.saturation import Saturation
from settings.reader import ROOT

STYLE = ROOT / "notebooks" / "hongbao.mplstyle"
INK, PALE, RED, GOLD, BLUE, NIGHT = "#2b2b2b", "#8a8a8a", "#c8102e", "#d9a520", "#4f7ca8", "#1f3d63"
JOB_COLOURS = {"coupons": RED, "landing": BLUE, "conversion": GOLD}
PROCESS_COLOURS = (NIGHT, BLUE, GOLD, RED, "#7b8794", "#9ab87a", "#8a5a83", "#c9d3dd")
WIDE = (9.5, 3.0)
# A coupon later than this is spam.
LATENCY_MS = 1_000
# The highest rate that the fit is drawn for, beyond the peak.
BEYOND = 1.1

Parameters = ParamSpec("Parameters")


def plot(draw: Callable[Parameters, Figure]) -> Callable[Parameters, Figure]:
    """A plot in the notebooks' style, closed, so that no window keeps it."""

    @wraps(draw)
    def drawn(*arguments: Parameters.args, **named: Parameters.kwargs) -> Figure:
        with plt.style.context(STYLE):
            figure = draw(*arguments, **named)
        plt.close(figure)
        return figure

    return drawn


@plot
def rate_and_backlog(run: Rehearsed, first: Saturation | None) -> Figure:
    """Published and read events/s above, messages not yet handed to each job below."""
    figure, (rates, unread) = plt.subplots(2, 1, figsize=(9.5, 4.6), sharex=True, height_ratios=[3, 2])
    seconds = [one.ends_s for one in run.intervals]
    rates.plot(seconds, [one.published_per_s for one in run.intervals], color=INK, linewidth=2, label="published")
    for job, colour in _jobs(run):
        read = [one.read_per_s.get(job, np.nan) for one in run.intervals]
        rates.plot(seconds, read, color=colour, linewidth=1.2, label=f"read by {job}")
        unread.plot(seconds, [one.unread.get(job, np.nan) for one in run.intervals], color=colour, linewidth=1.5)
    rates.set_ylabel("events/s, mean of 5 s")
    rates.set_title("Rate, and the backlog that each job leaves")
    unread.set_ylabel("events not read")
    for axes in (rates, unread):
        _shade(axes, run, label=axes is rates)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.set_ylim(0, max(10.0, axes.get_ylim()[1]))
    if first is not None:
        rates.axvline(first.since_s, color=RED, linewidth=1, linestyle=":")
        rates.annotate(" first full", (first.since_s, rates.get_ylim()[1] / 2), color=RED)
    rates.legend(loc="upper left", bbox_to_anchor=(0, 0.9))
    unread.set_xlabel("seconds of the schedule")
    return figure


@plot
def latency(run: Rehearsed) -> Figure:
    """p50, p99 and the slowest coupon by the second in which its event was due."""
    by_second: defaultdict[int, list[float]] = defaultdict(list)
    for receipt in run.receipts:
        by_second[int((due_ms(receipt) - run.begun_ms) / 1000)].append(receipt["received_ms"] - due_ms(receipt))
    figure, axes = plt.subplots(figsize=WIDE)
    seconds = sorted(by_second)
    for name, percent, colour in (("slowest", 100, PALE), ("p99", 99, RED), ("p50", 50, NIGHT)):
        values = [max(1.0, float(np.percentile(by_second[second], percent))) for second in seconds]
        axes.plot(seconds, values, color=colour, linewidth=1.5, label=name, marker="." if len(seconds) < 60 else None)
    axes.axhline(LATENCY_MS, color=INK, linewidth=1, linestyle="--")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("ms, of its second's coupons")
    axes.set_title("Coupon latency by the second its event was due (dashed: a second)")
    _shade(axes, run)
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, 0.92))
    axes.set_xlabel("seconds of the schedule")
    return figure


@plot
def cores(run: Rehearsed) -> Figure:
    """Each process's cores, stacked, below what the whole machine used and has."""
    figure, axes = plt.subplots(figsize=WIDE)
    _stack(axes, run, "cores")
    seconds = [one.ends_s for one in run.intervals]
    axes.plot(seconds, [one.machine_cores for one in run.intervals], color=INK, linewidth=1.2, label="the machine")
    axes.axhline(max(one.all_cores for one in run.intervals), color=INK, linewidth=1, linestyle="--")
    axes.set_ylabel("cores, mean of 5 s")
    axes.set_title("Cores in use (dashed: all there are)")
    return _with_legend(figure, axes, run)


@plot
def memory(run: Rehearsed) -> Figure:
    """Each process's resident memory, stacked."""
    figure, axes = plt.subplots(figsize=WIDE)
    _stack(axes, run, "memory_mb")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("MB resident")
    axes.set_title("Memory; the publisher's is its events, made beforehand")
    return _with_legend(figure, axes, run)


@plot
def busy(run: Rehearsed) -> Figure:
    """The busiest chain of each job: the share of its slots' time."""
    figure, axes = plt.subplots(figsize=WIDE)
    for job, colour in _jobs(run):
        told = [one for one in run.intervals if job in one.vertices]
        shares = [max(vertex.busy_share for vertex in one.vertices[job]) for one in told]
        axes.plot([one.ends_s for one in told], shares, color=colour, linewidth=1.5, label=job)
    axes.axhline(FULL, color=INK, linewidth=1, linestyle="--")
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("busy share of its slots")
    axes.set_title(f"Busiest chain of each job (dashed: {FULL:.0%}, what the peak is sized for)")
    return _with_legend(figure, axes, run)


@plot
def checkpoint_times(run: Rehearsed) -> Figure:
    """How long each checkpoint took, where it began; as large as its dot."""
    figure, axes = plt.subplots(figsize=WIDE)
    found = checkpoints(run.samples)
    largest = max((one["bytes"] for ones in found.values() for one in ones), default=1)
    for job, colour in _jobs(run):
        # Those before belong to the start of the jobs.
        ones = [one for one in found.get(job, []) if one["begun_ms"] >= run.begun_ms]
        seconds = [(one["begun_ms"] - run.begun_ms) / 1000 for one in ones]
        sizes = [15 + 120 * one["bytes"] / max(largest, 1) for one in ones]
        axes.scatter(seconds, [one["ms"] for one in ones], s=sizes, color=colour, alpha=0.8, label=job)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_ylabel("ms, end to end")
    axes.set_title(f"Checkpoints (the largest dot: {largest / 1e6:,.1f} MB)")
    return _with_legend(figure, axes, run)


@plot
def fits(needs: Needs) -> Figure:
    """The measured points of each job's costliest chain, and the line with its 95 % interval up to the peak."""
    figure, every = plt.subplots(1, max(1, len(needs.chains)), figsize=(9.5, 3.2), squeeze=False)
    for axes, (job, chain) in zip(every[0], needs.chains.items(), strict=False):
        rates = np.linspace(0, needs.peak_per_s * BEYOND, 50)
        middle = np.array([chain.line.at(rate) for rate in rates])
        width = np.array([chain.line.most_at(rate) - chain.line.at(rate) for rate in rates])
        colour = JOB_COLOURS.get(job, INK)
        axes.fill_between(rates, middle - width, middle + width, color=colour, alpha=0.15, linewidth=0)
        axes.plot(rates, middle, color=colour, linewidth=1.5)
        axes.plot(*zip(*chain.measured, strict=True), ".", color=INK, markersize=5)
        axes.axvline(needs.peak_per_s, color=INK, linewidth=1, linestyle="--")
        axes.set_ylim(bottom=0)
        axes.set_title(f"{job}: {chain.slots} slots", fontsize=10)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_xlabel("events/s (dashed: the peak)")
    every[0][0].set_ylabel("busy slots")
    return figure


@plot
def variants(found: Sequence[Mapping[str, Any]]) -> Figure:
    """A row of bars a factor, one panel a figure: the median, and a line from the least to the most."""
    factors = list(dict.fromkeys(one["factor"] for one in found))
    names = [name for name in found[0] if name not in ("factor", "value")]
    figure, panels = plt.subplots(
        len(factors), len(names), figsize=(2.1 * len(names), 2.3 * len(factors)), squeeze=False
    )
    for row, factor in zip(panels, factors, strict=True):
        ours = [one for one in found if one["factor"] == factor]
        for axes, name in zip(row, names, strict=True):
            told = [(one["value"], one[name]) for one in ours if one[name] is not None]
            for value, spread in told:
                axes.bar(value, spread["median"], color=BLUE, width=0.6)
                axes.vlines(value, spread["min"], spread["max"], color=INK, linewidth=1.5)
            axes.set_title(name.replace("_", " "), fontsize=9)
            axes.tick_params(labelsize=8)
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
            axes.grid(visible=False, axis="x")
        row[0].set_ylabel(factor)
    return figure


def _stack(axes: Axes, run: Rehearsed, field: str) -> None:
    maps: list[Mapping[str, float]] = [getattr(one, field) for one in run.intervals]
    mean = {name: sum(found.get(name, 0.0) for found in maps) for name in {name for found in maps for name in found}}
    # The largest at the bottom, where its edge is easiest to follow.
    names = sorted(mean, key=lambda name: -mean[name])
    values = [[found.get(name, 0.0) for found in maps] for name in names]
    axes.stackplot(
        [one.ends_s for one in run.intervals], values, labels=names, colors=PROCESS_COLOURS, alpha=0.85, linewidth=0
    )


def _with_legend(figure: Figure, axes: Axes, run: Rehearsed) -> Figure:
    axes.set_ylim(bottom=0)
    axes.set_xlabel("seconds of the schedule")
    _shade(axes, run)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _shade(axes: Axes, run: Rehearsed, label: bool = True) -> None:
    """Every other phase grey, and named at the top, where room is made."""
    if label and axes.get_yscale() == "linear":
        axes.set_ylim(top=axes.get_ylim()[1] * 1.1)
    for at, (phase, begins_s, ends_s) in enumerate(spans(run.phases)):
        if at % 2 == 0:
            axes.axvspan(begins_s, ends_s, color=PALE, alpha=0.1, linewidth=0)
        if label:
            middle = (begins_s + ends_s) / 2
            axes.text(middle, 0.99, phase.name, transform=axes.get_xaxis_transform(), color=PALE, ha="center", va="top")


def _jobs(run: Rehearsed) -> list[tuple[str, str]]:
    """Every job with its colour."""
    return [(job, JOB_COLOURS.get(job, INK)) for job in sorted({job for one in run.intervals for job in one.unread})]
