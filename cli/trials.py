"""The commands that try the whole system out: drill, bench, demo."""

import os
import time
from typing import Annotated

import typer

from cli.answer import Json, command, errors, say, show

app = typer.Typer()


@app.command()
@command
def drill(
    names: Annotated[list[str] | None, typer.Argument(help="Which; without one they are listed.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Every drill, one after the other.")] = False,
    json: Json = False,
) -> int:
    """Break a running system on purpose, prove that nothing was lost or doubled, and that its control fails.

    Prints one JSON object a drill. Each takes about five minutes, on ports and in a folder of its own.

    Example: hongbao drill taskmanager-killed
    """
    import json as encoder

    from drills import DRILLS, run

    if not names and not all:
        show([{"drill": name, "what": drill.what} for name, drill in DRILLS.items()], json)
        return 0
    passed = True
    for name in DRILLS if all else names or ():
        figures = run(name, say)
        passed &= figures["passed"]
        print(encoder.dumps(figures), flush=True)
    return 0 if passed else 1


@app.command()
@command
def bench(
    parts: Annotated[
        list[str] | None, typer.Argument(help="drain, live, vip, query, nexmark, growth, capacity; without one all.")
    ] = None,
    events: Annotated[int, typer.Option(help="Of the backlog to drain; bids for nexmark.", min=1_000)] = 3_000_000,
    repeats: Annotated[int, typer.Option(help="Of everything; one more goes first.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="Of each live rate, after a warm-up.", min=1)] = 60,
    query_events: Annotated[
        list[int] | None, typer.Option(help="Landed, for the questions; again for each.  [default: 10 and 100 million]")
    ] = None,
    growth_users: Annotated[
        list[int] | None, typer.Option(help="In state; again for each.  [default: 10 and 100 thousand, 1 million]")
    ] = None,
    growth_taskmanagers: Annotated[list[int] | None, typer.Option(help="Again for each.  [default: 1, 2, 4]")] = None,
    growth_partitions: Annotated[list[int] | None, typer.Option(help="Again for each.  [default: 2, 8, 32]")] = None,
    soak_minutes: Annotated[float, typer.Option(help="Of growth's load at horizons soon full; 0: none.", min=0)] = 22,
    json: Json = False,
) -> None:
    """Measure this machine: jobs and peers on one backlog, live latency, VIPs in a flood, the warehouse's questions,
    four of Nexmark's queries, what more users, TaskManagers, partitions and time do, and what slots carry.

    Results are checked. It takes hours and wants the machine to itself. What was measured is kept in var/bench.json;
    `make bench` writes docs/performance.md's tables from it.

    Example: hongbao bench drain --events 300000 --repeats 1
    """
    from bench.command import PLAN
    from bench.command import bench as run
    from bench.growth.plan import Plan

    plan = Plan(
        users=tuple(growth_users or PLAN.users),
        taskmanagers=tuple(growth_taskmanagers or PLAN.taskmanagers),
        partitions=tuple(growth_partitions or PLAN.partitions),
        soak_minutes=soak_minutes,
    )
    sizes = query_events or [10_000_000, 100_000_000]
    figures = run(parts or [], events, repeats, seconds, sizes, say, plan=plan)
    import json as encoder

    show(figures, json, encoder.dumps(figures, indent=2))


@app.command()
@command
def demo(
    profile: Annotated[str | None, typer.Option(help="As for simulate; the default lasts 60 s.")] = None,
    json: Json = False,
    campaigns: Annotated[bool, typer.Option("--campaigns", help="A sale with six campaigns; 90 s.")] = False,
) -> int:
    """Run the whole path on this machine with a simulated flash sale, and check every figure.

    With --campaigns it is about what campaigns gave to whom, at what cost, and what they added.

    Example: hongbao demo
    """
    started = float(os.environ.get("HONGBAO_STARTED_S", time.time()))
    if campaigns:
        return _demo_campaigns(started, profile, json)
    import json as encoder

    from demo.sale import PROFILE, run

    figures = run(started, profile or PROFILE)

    show(figures.summary(), json, encoder.dumps(figures.summary(), indent=2))
    for failure in figures.failures:
        errors.print(f"hongbao: {failure}", markup=False)
    return 1 if figures.failures else 0


def _demo_campaigns(started: float, profile: str | None, json: bool) -> int:
    from demo.campaign_sale import PROFILE, run
    from demo.campaign_table import sentences, table

    figures = run(started, profile or PROFILE)
    show(figures.summary() if json else table(figures), json)
    if not json:
        show(figures, json, "\n" + "\n".join(sentences(figures)))
    for failure in figures.failures:
        errors.print(f"hongbao: {failure}", markup=False, soft_wrap=True)
    return 1 if figures.failures else 0
