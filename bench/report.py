"""Write docs/performance.md's tables from what the bench printed: python -m bench.report FILE [FILE…]; none is typed.

A later file's parts replace an earlier one's, so that drain, live and query may be measured on different evenings.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.growth import tables as growth
from bench.landed import FILES_PER_HOUR
from bench.markdown import load, row, table, yes
from bench.nexmark import table as nexmark
from settings.reader import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures, written by make bench -->\n", "<!-- end of figures -->\n"
# What the issue asks of two cores: the ratio that must be reached.
RATIO_GOALS = {
    "coupons to bytewax": 3.0,
    "coupons to loop": 3.0,
    "landing to transport": 0.5,
    "conversion to transport": 0.33,
}
P99_GOALS_MS = {"250": 100, "2500": 150, "25000": 500}
MOST_MS = 1_000
VIP_P99_MS = 300
VIP_FIGURES = ("p50", "p99", "max", "coupons")
OTHERS = {
    "alone": "handed alone",
    "beside_vips": "beside VIPs",
    "beside_vip_flood": "beside a flood of VIPs",
}
FUNNEL_GOAL = ("10000000", 1_000)

Figures = Mapping[str, Any]


def tables(figures: Figures, before: Mapping[str, str] | None = None) -> str:
    """Every part that the figures have, in Markdown, each under its title; of the others what was there `before`."""
    sections = dict(before or {})
    for part, (title, write) in PARTS.items():
        if part in figures:
            sections[title] = "\n".join((f"### {title}", "", *write(figures[part])))
    return "\n".join(sections[title] for title, _ in PARTS.values() if title in sections)


def written(page: str, figures: Figures) -> str:
    """The page with these figures' tables between the markers; other parts' tables stay as they are.

    Raises ValueError where the markers are missing.
    """
    above, begins, rest = page.partition(BEGIN)
    old, ends, below = rest.partition(END)
    if not begins or not ends:
        raise ValueError(f"the page needs the lines {BEGIN.strip()} and {END.strip()}")
    return above + BEGIN + "\n" + tables(figures, _sections(old)) + "\n" + END + below


def _sections(text: str) -> dict[str, str]:
    """By title, each section with its heading."""
    return {section.partition("\n")[0]: f"### {section.rstrip()}\n" for section in f"\n{text}".split("\n### ")[1:]}


def _drain(drain: Figures) -> Iterator[str]:
    yield f"{drain['events']:,} events, repeats in turn: {drain['repeats']}, every result checked{load(drain)}."
    yield ""
    rates = {**{name: drain[name] for name in ("landing", "conversion", "coupons")}, **drain["peers"]}
    yield from table(
        ("events/s", "median", "least", "most"),
        (row(name, rate, "{:,.0f}") for name, rate in {**rates, "transport": drain["transport"]}.items()),
    )
    yield "What each step takes, in microseconds an event with both cores at work; the jobs go on from deduplication."
    yield ""
    yield from table(("step", "events/s", "µs an event", "this step's own"), _steps(drain))
    yield from table(
        ("ratio", "median", "least", "most", "goal", "held"),
        (
            (*row(name, ratio, "{:.2f}"), *_goal(ratio["median"], RATIO_GOALS.get(name)))
            for name, ratio in drain["ratios"].items()
        ),
    )


def _steps(drain: Figures) -> Iterator[tuple[str, ...]]:
    """From the medians; each job goes on from deduplication."""
    steps = drain["steps"]
    for name, rate, before in (
        ("transport: receive and count", drain["transport"], None),
        ("read: Flink's source, decoder, shuffle to the shopper's subtask", steps["read"], drain["transport"]),
        ("deduplicate: ids in keyed state, checkpoints", steps["deduplicate"], steps["read"]),
        ("landing: Parquet, zstd", drain["landing"], steps["deduplicate"]),
        ("coupons: activity, patterns, Python, governance", drain["coupons"], steps["deduplicate"]),
        ("conversion: 2 to 4 dimensions an event, visits", drain["conversion"], steps["deduplicate"]),
    ):
        own_us = 1e6 / rate["median"] - (1e6 / before["median"] if before else 0.0)
        yield name, f"{rate['median']:,.0f}", f"{1e6 / rate['median']:.1f}", f"{own_us:.1f}"


def _live(live: Figures) -> Iterator[str]:
    yield (
        f"From the moment an event was to be sent to its coupon's receipt in another process, in milliseconds; "
        f"{live['seconds']:.0f} s a rate after a warm-up, repeats: {live['repeats']}{load(live)}."
    )
    yield ""
    rates = live["rates"]
    yield from table(
        ("events/s", "p50", "p99", "p99 of the repeats", "p999", "max", "coupons", "goal p99", "held"),
        (
            (
                f"{int(rate):,}",
                *(f"{found['whole'][name]:,.0f}" for name in ("p50", "p99")),
                f"{found['p99']['min']:,.0f}–{found['p99']['max']:,.0f}",
                *(f"{found['whole'][name]:,.0f}" for name in ("p999", "max", "coupons")),
                f"≤ {P99_GOALS_MS.get(rate, 0)}",
                yes(found["whole"]["p99"] <= P99_GOALS_MS.get(rate, 0) and found["whole"]["max"] <= MOST_MS),
            )
            for rate, found in rates.items()
        ),
    )
    yield "Where the mean millisecond goes:"
    yield ""
    stages = next(iter(rates.values()))["budget_ms"]
    yield from table(
        ("stage", *(f"at {int(rate):,}/s" for rate in rates)),
        ((stage, *(f"{found['budget_ms'][stage]:,.1f}" for found in rates.values())) for stage in stages),
    )


def _vip(vip: Figures) -> Iterator[str]:
    yield (
        "250 clicks/s of VIPs, in a job and TaskManager of their own, beside 25,000/s that were due of all others, "
        f"whose backlog stands; {vip['seconds']:.0f} s{load(vip)}. Milliseconds from the moment a VIP's event was to "
        "be sent to the coupon's receipt in another process. Events/s of the others: that came in, and that their "
        "coupons' job was handed without VIPs, beside their usual rate, and beside a flood of VIPs too, whose job was "
        f"handed {vip['vip_flood_per_s']:,.0f}/s then."
    )
    yield ""
    found = vip["vip"]
    yield from table(
        (*VIP_FIGURES, "goal p99", "held", "others came in", *OTHERS.values(), "their backlog"),
        (
            (
                *(f"{found[figure]:,.0f}" for figure in VIP_FIGURES),
                f"< {VIP_P99_MS}",
                yes(found["p99"] < VIP_P99_MS),
                f"{vip['flood_per_s']:,.0f}",
                *(f"{vip['others_per_s'][figure]:,.0f}" for figure in OTHERS),
                f"{vip['others_backlog']:,.0f}",
            ),
        ),
    )
    yield "Where the mean millisecond goes:"
    yield ""
    yield from table(
        ("stage", "ms"),
        ((stage, f"{ms:,.1f}") for stage, ms in vip["vip_stages_ms"].items()),
    )


def _query(query: Figures) -> Iterator[str]:
    yield (
        f"A day's events in {query['files_per_hour']:,} files an hour, where a landing job leaves {FILES_PER_HOUR:,}; "
        f"milliseconds with their least and most (repeats: {query['repeats']}), and MB read."
    )
    yield ""
    rows = []
    for events, found in query["events"].items():
        for question in found["before"]:
            before, after = found["before"][question], found["after"][question]
            rows.append((f"{int(events):,}", question, *_asked(before), *_asked(after)))
    yield from table(("events", "question", "as landed", "MB", "compacted", "MB"), rows)
    for events, found in query["events"].items():
        files, size = found["files"], [bytes_ / 1e6 for bytes_ in found["bytes"]]
        yield (
            f"{int(events):,} events: {files[0]:,} files of {size[0]:,.0f} MB became {files[1]:,} of {size[1]:,.0f} MB "
            f"in {found['compaction_s']:,.0f} s."
        )
        if events == FUNNEL_GOAL[0]:
            held = found["after"]["funnel"]["ms"]["median"] < FUNNEL_GOAL[1]
            yield f"Goal, the funnel of a day on {int(events):,} under {FUNNEL_GOAL[1] / 1000:.0f} s: {yes(held)}."
        yield ""


def _asked(found: Figures) -> tuple[str, str]:
    ms = found["ms"]
    return f"{ms['median']:,.0f} ({ms['min']:,.0f}–{ms['max']:,.0f})", f"{found['bytes_read']['median'] / 1e6:,.0f}"


def _goal(ratio: float, goal: float | None) -> tuple[str, str]:
    return ("", "") if goal is None else (f"≥ {goal:.2f}", yes(ratio >= goal))


# In the page's order.
PARTS: Mapping[str, tuple[str, Callable[[Figures], Iterator[str]]]] = {
    "drain": ("Draining a backlog", _drain),
    "live": ("Live latency", _live),
    "vip": ("VIPs beside a flood", _vip),
    "query": ("Asking the warehouse", _query),
    "nexmark": ("Nexmark", nexmark.lines),
    "growth": ("Growth", growth.lines),
}


def main(files: list[str]) -> None:
    figures: dict[str, Any] = {}
    for file in files:
        figures.update(json.loads(Path(file).read_text(encoding="utf-8")))
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
