"""The commands of `hongbao campaign`: check, plan, apply, pause, resume, status."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.answer import Json, command, say, show
from cli.numbered import applied, problems

if TYPE_CHECKING:
    from campaigns.definition import Campaign
    from campaigns.plan import Day
    from campaigns.store import Found
    from model.definition import Model

app = typer.Typer(no_args_is_help=True, help="Check, plan and run campaigns.")
Folder = Annotated[Path | None, typer.Option(help="Where the files lie; by default [campaigns] folder.")]


@app.command("check")
@command
def check(folder: Folder = None, json: Json = False) -> int:
    """Say everything that is wrong with the campaign files, a line each. Exit code 1 when something is.

    Example: hongbao campaign check
    """
    from campaigns.folder import read_folder

    campaigns, faults = read_folder(_folder(folder))
    answer = {"campaigns": sorted(campaigns), "faults": faults}
    show(answer, json, "\n".join(faults) or f"{len(campaigns)} campaigns are valid")
    return 1 if faults else 0


@app.command("plan")
@command
def plan(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A UTC day; by default yesterday.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no broker: every file is new.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> int:
    """Say what `apply` would change, and what the campaigns would have done on a landed day: for whom, at what cost.

    Example: hongbao campaign plan --day 2026-11-11
    """
    from campaigns import store
    from campaigns.folder import valid
    from campaigns.plan import changes, sentence, told
    from settings import Pulsar, read

    campaigns = valid(_folder(folder))
    found = store.Found() if offline else store.newest(read(Pulsar))
    told_changes = changes(campaigns, found)
    asked = day.date() if day else (datetime.now(UTC) - timedelta(days=1)).date()
    of_day = _of_day(asked, campaigns, found, _model(offline))
    text = "\n".join([*map(sentence, told_changes), "", told(of_day)])
    show({"changes": [vars(change) for change in told_changes], **_plain(of_day)}, json, text)
    return problems(found)


@app.command("apply")
@command
def apply(folder: Folder = None, json: Json = False) -> None:
    """Publish a new version of each campaign whose file is new or changed; running jobs take it up.

    Example: hongbao campaign apply
    """
    from campaigns import store
    from campaigns.folder import valid
    from settings import Pulsar, read

    applied(store.apply(read(Pulsar), valid(_folder(folder))), "name", json)


@app.command("pause")
@command
def pause(name: Annotated[str, typer.Argument(help="The campaign")], json: Json = False) -> None:
    """Let a campaign issue nothing until it is resumed; its counts stay. Again is harmless.

    Example: hongbao campaign pause new-year-hesitation
    """
    from campaigns import store
    from settings import Pulsar, read

    applied(store.set_status(read(Pulsar), name, store.PAUSED), "name", json)


@app.command("resume")
@command
def resume(name: Annotated[str, typer.Argument(help="The campaign")], json: Json = False) -> None:
    """Let a paused campaign go on, with the counts it had. Again is harmless.

    Example: hongbao campaign resume new-year-hesitation
    """
    from campaigns import store
    from settings import Pulsar, read

    applied(store.set_status(read(Pulsar), name, store.ACTIVE), "name", json)


@app.command("status")
@command
def status(folder: Folder = None, json: Json = False) -> int:
    """Say how each applied campaign stands: version, whether it runs, what it issued and spent so far.

    Example: hongbao campaign status
    """
    from campaigns import store
    from campaigns.folder import read_folder
    from campaigns.standing import standings
    from settings import Pulsar, read

    campaigns, faults = read_folder(_folder(folder))
    found = store.newest(read(Pulsar))
    show(standings(found, campaigns, time.time_ns() // 1_000_000), json)
    for fault in faults:
        say(f"hongbao: {fault}")
    return problems(found)


def _folder(folder: Path | None) -> Path:
    from settings import Campaigns, read

    return folder or read(Campaigns).folder


def _model(offline: bool) -> "Model":
    """The model that jobs choose by now; without a broker the one that comes along."""
    from model import store
    from model.along import scorecard
    from settings import Pulsar, read

    in_use = None if offline else store.newest(read(Pulsar)).in_use
    return scorecard() if in_use is None or in_use.model is None else in_use.model


def _of_day(day: date, campaigns: Mapping[str, "Campaign"], found: "Found", model: "Model") -> "Day":
    from campaigns.landed import Known
    from campaigns.plan import on, would_run
    from jobs.coupons import Coupons
    from ledger.reckoning import rules_of
    from settings import read

    config = read(Coupons)
    running = would_run(campaigns, found, time.time_ns() // 1_000_000)
    known = Known(config.currency, config.remember_buyers, config.remember_visitors)
    return on(day, running, rules_of(config), model=model, known=known)


def _plain(day: "Day") -> dict[str, Any]:
    return {**asdict(day), "day": day.day.isoformat()}
