"""Growth's figures as tables: by users, TaskManagers and partitions, and what the soak shows."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.markdown import load, ranged, table, yes

Figures = Mapping[str, Any]
MB = 1e6


def lines(growth: Figures) -> Iterator[str]:
    yield (
        f"Six events a user, emptied by each job alone, repeats: {growth['repeats']}; then state, checkpoint and "
        f"memory with all of it in state, and the coupons' latency over {growth['live_seconds']:.0f} s at 250 "
        f"events/s{load(growth)}."
    )
    yield ""
    yield from _users(growth["users"])
    if growth["bytes_per_user"]:
        yield from table(
            ("bytes a user, from the slope between sizes", "checkpointed", "on the heap"),
            (
                (job, f"{found['state_bytes']:,.0f}", f"{found['heap_bytes']:,.0f}")
                for job, found in growth["bytes_per_user"].items()
            ),
        )
    for series, what in (("taskmanagers", "TaskManagers of two slots"), ("partitions", "partitions")):
        if growth[series]:
            yield from _varied(what, growth[series])
    if "soak" in growth:
        yield from _soak(growth["soak"])


def _users(users: Figures) -> Iterator[str]:
    yield from table(
        ("users in state", "job", "events/s", "state MB", "checkpoint ms", "heap MB", "p50 ms", "p99 ms"),
        (
            (
                f"{found['users']:,}",
                job,
                *_job(figures),
                *(f"{figures['latency_ms'][name]:,.0f}" if "latency_ms" in figures else "" for name in ("p50", "p99")),
            )
            for found in users.values()
            for job, figures in found["jobs"].items()
        ),
    )


def _job(figures: Figures) -> tuple[str, ...]:
    return (
        ranged(figures["events_per_s"]),
        f"{figures['state_bytes'] / MB:,.1f}",
        f"{figures['checkpoint_ms']:,.0f}",
        f"{figures['heap_bytes'] / MB:,.0f}",
    )


def _varied(what: str, series: Figures) -> Iterator[str]:
    yield from table(
        (what, "users in state", "coupons, events/s", "state MB", "checkpoint ms", "heap MB", "resident MB"),
        (
            (
                count,
                f"{found['users']:,}",
                *_job(found["jobs"]["coupons"]),
                f"{found['jobs']['coupons']['resident_bytes'] / MB:,.0f}",
            )
            for count, found in series.items()
        ),
    )


def _soak(soak: Figures) -> Iterator[str]:
    yield (
        f"{soak['minutes']:g} minutes of {soak['events_per_s']:,} events/s of {soak['users']:,} users, all jobs, "
        "horizons of minutes: what the second half changes, in percent of its mean, with the 95 % interval. "
        f"All horizons full by then: {yes(soak['horizons_full'])}."
    )
    yield ""
    yield from table(
        ("series", "mean MB", "change %", "from", "to", "samples", "verdict"),
        (
            (
                name,
                f"{found['mean_bytes'] / MB:,.1f}",
                f"{found['change']:+.1f}",
                f"{found['low']:+.1f}",
                f"{found['high']:+.1f}",
                f"{found['samples']}",
                found["verdict"],
            )
            for name, found in soak["trends"].items()
        ),
    )
