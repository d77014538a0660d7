"""The commands of `hongbao price`: check, plan, apply, pause, resume, status."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.answer import Json, command, say, show
from cli.numbered import applied, problems

app = typer.Typer(no_args_is_help=True, help="Check, plan and run the rules that move prices.")
Folder = Annotated[Path | None, typer.Option(help="Where the files lie; by default [prices] folder.")]
Category = Annotated[str, typer.Argument(help="The category")]


@app.command("check")
@command
def check(folder: Folder = None, json: Json = False) -> int:
    """Say everything that is wrong with the price rules' files, a line each. Exit code 1 when something is.

    Example: hongbao price check
    """
    from prices.file import read_folder

    rules, faults = read_folder(_folder(folder))
    answer = {"categories": sorted(rules), "faults": faults}
    show(answer, json, "\n".join(faults) or f"{len(rules)} price rules are valid")
    return 1 if faults else 0


@app.command("plan")
@command
def plan(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A UTC day; by default yesterday.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Say how the files' rules would have moved each price on a landed day, from the list price on. Asks no broker.

    Example: hongbao price plan --day 2026-11-11
    """
    from prices.file import valid
    from prices.plan import on, sentence

    rules = valid(_folder(folder))
    asked = day.date() if day else (datetime.now(UTC) - timedelta(days=1)).date()
    days = [on(asked, rule) for _, rule in sorted(rules.items())]
    head = f"On {asked} (UTC), from the list price on:"
    show(
        {"day": asked.isoformat(), "categories": list(map(asdict, days))}, json, "\n".join([head, *map(sentence, days)])
    )


@app.command("apply")
@command
def apply(folder: Folder = None, json: Json = False) -> None:
    """Publish a new version of each price rule whose file is new or changed; the running job takes it up.

    Example: hongbao price apply
    """
    from prices import store
    from prices.file import valid
    from settings import Pulsar, read

    applied(store.apply(read(Pulsar), valid(_folder(folder))), "category", json)


@app.command("pause")
@command
def pause(category: Category, json: Json = False) -> None:
    """Let a category's price stay where it is until the rule is resumed. Again is harmless.

    Example: hongbao price pause tea
    """
    from campaigns.store import PAUSED
    from prices import store
    from settings import Pulsar, read

    applied(store.set_status(read(Pulsar), category, PAUSED), "category", json)


@app.command("resume")
@command
def resume(category: Category, json: Json = False) -> None:
    """Let a paused price move again, from where it is. Again is harmless.

    Example: hongbao price resume tea
    """
    from campaigns.store import ACTIVE
    from prices import store
    from settings import Pulsar, read

    applied(store.set_status(read(Pulsar), category, ACTIVE), "category", json)


@app.command("status")
@command
def status(folder: Folder = None, json: Json = False) -> int:
    """Say how each applied price rule stands: version, whether its file differs, and the price as landed.

    Example: hongbao price status
    """
    from prices import store
    from prices.file import read_folder
    from prices.standing import standings
    from settings import Pulsar, read

    rules, faults = read_folder(_folder(folder))
    found = store.newest(read(Pulsar))
    show(standings(found, rules), json)
    for fault in faults:
        say(f"hongbao: {fault}")
    return problems(found)


def _folder(folder: Path | None) -> Path:
    from settings import Prices, read

    return folder or read(Prices).folder
