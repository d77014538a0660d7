"""Draw campaigns: what became of candidates, what each campaign added, and what that cost."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter, StrMethodFormatter

from notebooks.plots import INK, PALE, RED, plot, stacked

# From what the shopper got to what never had a chance; neighbours differ in lightness.
OUTCOME_COLOURS = {
    "issued": RED,
    "held_out": "#1f3d63",
    "no_luck": "#d9a520",
    "past_deadline": "#f0e2b8",
    "capped": "#c9d3dd",
    "cooled_down": "#9aa5b1",
    "excluded": "#dfe5ea",
    "out_of_budget": "#4f7ca8",
    "outranked": "#b7c3cf",
}
DARK = {"issued", "held_out", "out_of_budget"}
MOST_CAMPAIGNS = 12
# The interval of an empty arm reaches everywhere; beyond it nothing could be read any more.
MOST_MARGIN = 6


@plot("No campaign has decided anything yet.")
def outcomes(rows: pd.DataFrame) -> Figure:
    """Stacked bars by `campaign_id`: share of `decisions` by `outcome`; the dozen with most are drawn."""
    counts = rows.pivot_table(index="campaign_id", columns="outcome", values="decisions", aggfunc="sum", fill_value=0)
    counts = counts.reindex(columns=list(OUTCOME_COLOURS), fill_value=0)
    total = counts.sum(axis=1)
    counts = counts.loc[total.sort_values(ascending=False).index].head(MOST_CAMPAIGNS)
    issued = counts["issued"].sum() / max(counts.to_numpy().sum(), 1)
    figure, axes = _rows(len(counts))
    labels = [f"{name}  ({total[name]:,})" for name in counts.index]
    stacked(axes, labels, counts, OUTCOME_COLOURS, DARK)
    axes.set_xlabel("share of the candidates")
    axes.set_title(f"{issued:.0%} of the candidates were issued something")
    return figure


@plot("No campaign has issued or held out anything yet.")
def uplift(rows: pd.DataFrame) -> Figure:
    """Forest plot of `conversion` with `_low` and `_high` by `what`; hollow where the split is `broken`."""
    figure, axes = _rows(len(rows))
    comparable = rows["conversion"].notna()
    above, below = rows["conversion_low"] > 0, rows["conversion_high"] < 0
    for at, (_, row) in enumerate(rows.iterrows()):
        if not comparable.iloc[at]:
            axes.text(0, at, "  nothing to compare with", color=PALE, va="center", fontsize=9)
            continue
        colour = RED if above.iloc[at] else INK if below.iloc[at] else PALE
        axes.plot([row["conversion_low"], row["conversion_high"]], [at, at], color=colour, linewidth=2.2)
        face = "white" if row["broken"] else colour
        # A larger campaign weighs more to the eye as well.
        size = 5 + 5 * (row["shoppers"] / rows["shoppers"].max()) ** 0.5
        axes.plot(row["conversion"], at, marker="s", markersize=size, color=colour, markerfacecolor=face)
        said = f"{row['conversion']:+.2%}  [{row['conversion_low']:+.2%}, {row['conversion_high']:+.2%}]"
        said += "  broken split: do not believe it" if row["broken"] else ""
        axes.annotate(said, (row["conversion"], at), (0, 8), textcoords="offset points", fontsize=8.5, ha="center")
    axes.axvline(0, color=INK, linewidth=1)
    _names(axes, [f"{what}  ({shoppers:,})" for what, shoppers in zip(rows["what"], rows["shoppers"], strict=True)])
    reach = rows.loc[comparable, ["conversion", "conversion_low", "conversion_high"]].abs()
    most = min(reach.to_numpy().max(), MOST_MARGIN * max(reach["conversion"].max(), 0.005)) if len(reach) else 0.01
    axes.set_xlim(-1.15 * most, 1.15 * most)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("share of buyers: treated less held out, 95 % interval (square: shoppers)")
    axes.set_title(
        f"{int((above & ~rows['broken']).sum())} of {len(rows)} sold more than nothing would have, beyond chance"
    )
    return figure


@plot("No campaign has issued or held out anything yet.")
def cost(rows: pd.DataFrame) -> Figure:
    """Bars of `cost_minor` with their interval by `what`, log; a sentence where there is no figure."""
    figure, axes = _rows(len(rows))
    known = rows["cost_minor"].notna() & ~rows["broken"]
    ends = rows.loc[known, ["cost_minor_low", "cost_minor_high"]].to_numpy() / 100
    low, high = (ends.min() / 2, ends.max() * 2) if len(ends) else (1, 100)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    for at, (_, row) in enumerate(rows.iterrows()):
        if not known.iloc[at]:
            why = "the split is broken" if row["broken"] else "perhaps no order is additional"
            axes.text(low * 1.02, at, why, color=PALE, va="center", fontsize=9)
            continue
        value = row["cost_minor"] / 100
        axes.plot([row["cost_minor_low"] / 100, row["cost_minor_high"] / 100], [at, at], color=RED, linewidth=2.2)
        axes.plot(value, at, marker="s", color=RED)
        axes.annotate(f"{value:,.2f}", (value, at), (0, 8), textcoords="offset points", fontsize=8.5, ha="center")
    _names(axes, list(rows["what"]))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.set_xlabel("minor units / 100 an additional order, 95 % interval")
    axes.set_title(f"For {int(known.sum())} of {len(rows)} an additional order has a price")
    return figure


def _rows(count: int) -> tuple[Figure, Axes]:
    return plt.subplots(figsize=(9, 1.6 + 0.5 * count))


def _names(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.7)
    axes.grid(visible=False, axis="y")
