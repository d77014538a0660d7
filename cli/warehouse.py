"""The commands that ask what landed, or keep it: sql, late, effect, compact, ledger."""

import os
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.answer import Json, command, errors, say, show
from settings import duration

app = typer.Typer()
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"]


@app.command()
@command
def sql(query: Annotated[str, typer.Argument(help="One statement that reads")], json: Json = False) -> None:
    """Ask the landed events: views events, sessions, funnel, conversion, coupons, coupon_outcome and more.

    Example: hongbao sql "SELECT event_type, count(*) FROM events GROUP BY ALL"
    """
    import warehouse

    rows: list[dict[str, Any]] = warehouse.query(query)
    show(rows, json)


@app.command()
@command
def late(
    currency: Annotated[str, typer.Option(help="The one that [conversion] sums revenue in.")] = "CNY",
    json: Json = False,
) -> None:
    """List the conversion figures that late events would change: as published, and with them counted.

    Example: hongbao late --currency CNY
    """
    from warehouse import differences

    show(differences.late(currency), json)


@app.command()
@command
def effect(
    campaign: Annotated[str | None, typer.Option(help="Only this one.")] = None,
    by: Annotated[str | None, typer.Option(help="tier: a row for each")] = None,
    json: Json = False,
) -> int:
    """Say what each campaign added: treated against held out, with 95 % intervals. Exit code 1 when a split is broken.

    Example: hongbao effect --campaign new-year --by tier
    """
    from effect import effects
    from effect.table import table

    found = effects(campaign=campaign, by=by)
    show(found if json else table(found), json)
    # In JSON they stand beside their campaign.
    for sentence in () if json else (sentence for one in found for sentence in (*one.findings, *one.remarks)):
        say(sentence)
    return 1 if any(one.findings for one in found) else 0


@app.command()
@command
def compact(
    table: Annotated[list[str] | None, typer.Option(help="Only this one, again for each.")] = None,
    older_than: Annotated[
        timedelta, typer.Option(parser=duration.parse, show_default="0 s", help="Leave younger files alone.")
    ] = timedelta(0),
    grace: Annotated[
        timedelta,
        typer.Option(parser=duration.parse, show_default="10 min", help="Longer than any query; replaced files stay."),
    ] = timedelta(minutes=10),
    json: Json = False,
) -> int:
    """Put the warehouse's small files together, beside jobs and readers; a kill at any instant harms nothing.

    Replaced files stay for the readers that opened them; a run after the grace deletes them. Run it every hour.

    Example: hongbao compact --table events --older-than "15 min"
    """
    from settings import Warehouse, read
    from warehouse.compaction import compact as run
    from warehouse.tables import TABLES

    # Coupons have a second; this has the day.
    os.nice(10)
    done = run(read(Warehouse).folder, tuple(table or TABLES), older_than, grace, say)
    problems = [problem for one in done for problem in one.problems]
    for problem in problems:
        errors.print(f"hongbao: {problem}", markup=False, soft_wrap=True)
    rows = [{name: value for name, value in asdict(one).items() if json or name != "problems"} for one in done]
    show(rows, json)
    return 1 if problems else 0


@app.command()
@command
def ledger(
    folders: Annotated[list[Path], typer.Argument(help="Ledger folders of the simulator or of publishers.")],
    receipts: Annotated[list[Path] | None, typer.Option(help="A subscriber's receipts.jsonl, again for each.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=TIMES, help="Published from then on, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=TIMES, help="And before then, UTC.")] = None,
    settled: Annotated[bool, typer.Option(help="Everything must have arrived: nothing counts as pending.")] = False,
    check_rules: Annotated[bool, typer.Option(help="Reckon which coupons the rules must have given.")] = False,
    json: Json = False,
) -> int:
    """Account for every published event and every coupon; exit code 1 when something is lost or doubled.

    Example: hongbao ledger var/ledger/20261111T120000Z --receipts receipts.jsonl --settled
    """
    from ledger.command import answer

    found = answer(folders, receipts or [], since, until, settled, check_rules, say)
    show(found.plain, json, found.text)
    return 1 if found.findings else 0
