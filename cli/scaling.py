"""The commands that have as many slots as the next minutes need: autoscale, and its back-test."""

from typing import Annotated

import typer

from cli.answer import Json, command, say, show

app = typer.Typer()


@app.command()
@command
def autoscale(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide and write down, rescale nothing.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Decide once about each job, then end.")] = False,
    json: Json = False,
) -> None:
    """Rescale the running jobs ahead of the traffic, until Ctrl-C; each decision is told with its reasons.

    It forecasts from landed history and the campaigns' files. [stack] scheduler must be adaptive (docs/scaling.md).

    Example: hongbao autoscale --dry-run --once
    """
    from scaling.autoscaler import run

    for entry in run(dry_run, once, say):
        show(entry, json, entry.sentence)


@app.command()
@command
def backtest(
    seeds: Annotated[int, typer.Option(help="Seasons to replay, with the seeds 2, 3, …", min=1)] = 10,
    days: Annotated[
        int, typer.Option(help="Of each season that are replayed, behind four weeks of history.", min=4)
    ] = 10,
    serial: Annotated[
        float | None, typer.Option(help="Serial share of the capacity's curve, not as fitted.", min=0, max=1)
    ] = None,
    json: Json = False,
) -> int:
    """Replay simulated seasons against autoscale's policy and reactive ones; exit code 1 unless it wins in each.

    It wins where fewer coupons are late, at no more slot-hours. Kept in var/backtest.json; `python -m scaling.report`
    writes docs/scaling.md's tables from it.

    Example: hongbao backtest --seeds 2
    """
    from scaling.report import tables
    from scaling.trial import run

    found = run(seeds, days, serial, say)
    show(found, json, tables(found))
    return 0 if found["won"] == found["seeds"] else 1
