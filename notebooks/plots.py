"""Draw the sale: one function a plot, each from the rows of one question. Titles say what was found."""

from collections.abc import Callable, Mapping, Set
from functools import wraps
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
    PercentFormatter,
    StrMethodFormatter,
)

INK, PALE, RED, GOLD = "#2b2b2b", "#8a8a8a", "#c8102e", "#d9a520"
# Told apart without colour vision too: by lightness.
STEP_COLOURS = {"viewers": "#9aa5b1", "adders": "#4f7ca8", "checkouts": "#1f3d63", "buyers": RED}
STAGE_COLOURS = {"broker and read": "#9aa5b1", "match and judge": "#4f7ca8", "send": GOLD}
OUTCOME_COLOURS = {"ordered": RED, "applied": "#e58a96", "open": "#c9d3dd", "expired": "#7b8794"}
DARK = {"ordered", "expired"}
# A coupon later than this is spam.
LATENCY_MS = 1_000
MOST_BARS = 12
LONGEST_LABEL = 70
# A narrower part of a bar has no room for its figure.
NARROWEST_LABELLED = 0.04

STYLE = Path(__file__).with_name("hongbao.mplstyle")

Draw = Callable[[pd.DataFrame], Figure]


def plot(nothing: str) -> Callable[[Draw], Draw]:
    """A plot in this module's style; without rows, a figure that says `nothing`."""

    def decorate(draw: Draw) -> Draw:
        @wraps(draw)
        def drawn(rows: pd.DataFrame) -> Figure:
            with plt.style.context(STYLE):
                figure = draw(rows) if len(rows) else _empty(nothing)
            # A notebook shows the returned figure; an open one it would show twice.
            plt.close(figure)
            return figure

        return drawn

    return decorate


@plot("No visit has landed yet.")
def funnel(rows: pd.DataFrame) -> Figure:
    """Bars of `visits` by `event_type`, in the order of the steps."""
    figure, axes = plt.subplots(figsize=(9, 2.8))
    visits = rows["visits"].to_numpy()
    bars = axes.barh(_words(rows["event_type"]), visits, color=list(STEP_COLOURS.values()), height=0.68)
    labels = [f"{visits[0]:,}"]
    for before, now in pairwise(visits):
        labels.append(f"{now:,}   {now / before:.0%} of the step before" if before else f"{now:,}")
    axes.bar_label(bars, labels, padding=6)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, max(visits.max(), 1) * 1.35)
    axes.set_xlabel("visits")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    share = visits[-1] / visits[0] if visits[0] else 0
    axes.set_title(f"Of 100 visits that saw a product, {share * 100:.0f} ended with an order")
    return figure


@plot("No window has closed yet.")
def conversion(rows: pd.DataFrame) -> Figure:
    """Lines of viewers, adders, checkouts and buyers by `window_start`, above the conversion rate."""
    figure, (counts, rate) = plt.subplots(2, 1, figsize=(9, 5), sharex=True, height_ratios=[3, 2])
    moments = rows["window_start"].dt.tz_convert("UTC").dt.tz_localize(None)
    for step, colour in STEP_COLOURS.items():
        counts.plot(moments, rows[step], color=colour, label=step, linewidth=1.8)
    counts.set_ylabel("shoppers in 10 s")
    counts.set_ylim(bottom=0)
    counts.legend(ncols=4, loc="upper left", bbox_to_anchor=(0, 1.02))
    counts.set_ylim(top=max(rows["viewers"].max(), 1) * 1.2)
    rate.plot(moments, rows["conversion_rate"], color=RED, linewidth=1, alpha=0.35)
    # Ten seconds hold few buyers: the minute's mean is what to read.
    minute = rows.set_index(moments)[["buyers", "viewers"]].rolling("60s").sum()
    rate.plot(minute["buyers"] / minute["viewers"].where(minute["viewers"] > 0), color=RED, linewidth=2)
    rate.set_ylabel("buyers / viewers")
    rate.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    rate.set_ylim(bottom=0)
    rate.set_xlabel("start of the window, UTC (thick: over the minute before)")
    _clock(rate)
    peak = rows.loc[rows["viewers"].idxmax()]
    shoppers = f"{peak['viewers']:,} viewers, {peak['buyers']:,} buyers in 10 s"
    counts.set_title(f"Busiest at {peak['window_start']:%H:%M:%S}: {shoppers}")
    return figure


@plot("No order has been counted yet.")
def revenue(rows: pd.DataFrame) -> Figure:
    """Bars of `revenue_minor` and `orders` by `value`, largest first; a dozen are drawn."""
    share = rows["revenue_minor"].iloc[0] / max(rows["revenue_minor"].sum(), 1)
    rows = rows.head(MOST_BARS)
    figure, axes = plt.subplots(figsize=(9, 0.8 + 0.38 * len(rows)))
    amounts = rows["revenue_minor"].to_numpy() / 100
    bars = axes.barh(rows["value"], amounts, color=STEP_COLOURS["adders"], height=0.68)
    labels = [f"{amount:,.0f}   {orders:,} orders" for amount, orders in zip(amounts, rows["orders"], strict=True)]
    axes.bar_label(bars, labels, padding=6)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, max(amounts.max(), 1) * 1.3)
    axes.set_xlabel("revenue in the shop's currency, minor units / 100")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_title(f"{rows['value'].iloc[0]} brought {share:.0%} of the revenue")
    return figure


@plot("No coupon has been sent yet.")
def latency(rows: pd.DataFrame) -> Figure:
    """Histogram of `ms`, due to sent."""
    figure, axes = plt.subplots(figsize=(9, 3))
    ms = rows["ms"].clip(lower=1).to_numpy()
    largest = max(ms.max(), LATENCY_MS) * 1.3
    axes.hist(ms, bins=np.geomspace(1, largest, 60).tolist(), color=STEP_COLOURS["adders"])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(_milliseconds))
    p50, p99 = np.percentile(ms, [50, 99])
    tallest = axes.get_ylim()[1]
    axes.set_ylim(top=tallest * 1.25)
    for value, label, colour in ((p50, "p50", INK), (p99, "p99", INK), (LATENCY_MS, "the most allowed", RED)):
        axes.axvline(value, color=colour, linewidth=1.2, linestyle="--" if colour == INK else "-")
        said = f"{label}\n{_milliseconds(value)}"
        axes.text(value * 0.97, tallest * 1.23, said, color=colour, ha="right", va="top", fontsize=9)
    axes.set_xlim(1, largest)
    axes.set_xlabel("from the moment the coupon fell due until it was sent")
    axes.set_ylabel("coupons")
    slow = int((ms > LATENCY_MS).sum())
    found = f"{slow:,} of {len(ms):,} coupons took longer than 1 s" if slow else f"all {len(ms):,} coupons within 1 s"
    axes.set_title(f"p99 is {_milliseconds(p99)}: {found}")
    return figure


@plot("No coupon has been sent yet.")
def budget(rows: pd.DataFrame) -> Figure:
    """Stacked bars by `rule`: mean milliseconds of each stage, a column of STAGE_COLOURS' names each."""
    figure, axes = plt.subplots(figsize=(9, 1.4 + 0.42 * len(rows)))
    left = np.zeros(len(rows))
    for stage, colour in STAGE_COLOURS.items():
        axes.barh(_words(rows["rule"]), rows[stage], left=left, color=colour, label=stage, height=0.62)
        left += rows[stage].to_numpy()
    for position, total in enumerate(left):
        axes.text(total, position, f"  {total:.0f} ms", va="center")
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, max(left.max(), 1) * 1.12)
    axes.set_xlabel("mean milliseconds a coupon")
    axes.legend(ncols=3, loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=3.6)
    sums = {stage: float(rows[stage] @ rows["coupons"]) for stage in STAGE_COLOURS}
    longest = max(sums, key=lambda stage: sums[stage])
    share = sums[longest] / max(sum(sums.values()), 1e-9)
    axes.set_title(f"{share:.0%} of the time goes to: {longest}")
    return figure


@plot("No coupon has been decided yet.")
def outcome(rows: pd.DataFrame) -> Figure:
    """Stacked bars by `rule`: share of `coupons` by `outcome`."""
    counts = rows.pivot_table(index="rule", columns="outcome", values="coupons", aggfunc="sum", fill_value=0)
    counts = counts.reindex(columns=list(OUTCOME_COLOURS), fill_value=0)
    figure, axes = plt.subplots(figsize=(9, 1.4 + 0.42 * len(counts)))
    labels = [f"{rule}  ({total:,})" for rule, total in zip(_words(counts.index), counts.sum(axis=1), strict=True)]
    stacked(axes, labels, counts, OUTCOME_COLOURS, DARK)
    axes.set_xlabel("share of the coupons")
    used = counts[["ordered", "applied"]].to_numpy().sum() / counts.to_numpy().sum()
    axes.set_title(f"{used:.0%} of the coupons were used so far")
    return figure


def stacked(axes: Axes, labels: list[str], counts: pd.DataFrame, colours: Mapping[str, str], dark: Set[str]) -> None:
    """A bar as wide as any other for each row of `counts`, shared out among its columns, of which `dark` take white."""
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    left = np.zeros(len(counts))
    for name, colour in colours.items():
        bars = axes.barh(labels, shares[name], left=left, color=colour, label=name.replace("_", " "), height=0.62)
        texts = [f"{share:.0%}" if share >= NARROWEST_LABELLED else "" for share in shares[name]]
        axes.bar_label(bars, texts, label_type="center", color="white" if name in dark else INK)
        left += shares[name].to_numpy()
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(ncols=4, loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=3.6)


@plot("No dead letter so far.")
def dead_letters(rows: pd.DataFrame) -> Figure:
    """Bars of `messages` by `field`, largest first, each with the `example` of a reason; a dozen are drawn."""
    total, leader = rows["messages"].sum(), rows["field"].iloc[0]
    rows = rows.head(MOST_BARS)
    figure, axes = plt.subplots(figsize=(9, 1 + 0.36 * len(rows)))
    bars = axes.barh(rows["field"], rows["messages"], color=RED, height=0.62)
    counts, examples = rows["messages"], rows["example"].str.slice(0, LONGEST_LABEL)
    axes.bar_label(bars, [f"{count:,}   {example}" for count, example in zip(counts, examples, strict=True)], padding=6)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    # Two thirds of the width for the reasons.
    axes.set_xlim(0, rows["messages"].max() * 3)
    axes.set_xticks([0, int(rows["messages"].max())])
    axes.set_xlabel("messages, with an example of the reason", loc="left")
    axes.set_title(f"{total:,} dead letters, most for {leader}")
    return figure


@plot("No late event so far.")
def late_events(rows: pd.DataFrame) -> Figure:
    """Histogram of `late_by_s`, seconds past watermark and allowed lateness."""
    figure, axes = plt.subplots(figsize=(9, 2.6))
    seconds = rows["late_by_s"].clip(lower=0.1).to_numpy()
    low, high = seconds.min() / 2, seconds.max() * 2
    axes.hist(seconds, bins=np.geomspace(low, high, 50).tolist(), color=GOLD)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator([0.1, 1, 10, 60, 600, 3_600, 36_000, 86_400, 604_800]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _milliseconds(value * 1_000)))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("past watermark and allowed lateness")
    axes.set_ylabel("events")
    median = _milliseconds(np.median(seconds) * 1_000)
    axes.set_title(f"{len(rows):,} late events are in no conversion figure; half missed by less than {median}")
    return figure


def _empty(sentence: str) -> Figure:
    figure, axes = plt.subplots(figsize=(9, 1.2))
    axes.set_axis_off()
    axes.text(0.5, 0.5, sentence, ha="center", va="center", color=PALE, fontsize=12, transform=axes.transAxes)
    return figure


def _words(names: "pd.Series[str] | pd.Index[str]") -> list[str]:
    return [name.replace("_", " ") for name in names]


def _clock(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=5, maxticks=12)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _milliseconds(value: float, _: object = None) -> str:
    """A duration as a person says it: 40 ms, 1.5 s, 12 min, 3 h."""
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")):
        if value >= size:
            return f"{value / size:.2g} {unit}" if value < 10 * size else f"{value / size:.0f} {unit}"
    return f"{value:.0f} ms"
