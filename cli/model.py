"""The commands of `hongbao model`: train, list, publish, use, status, explain."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.answer import Json, command, say, show

if TYPE_CHECKING:
    from model.definition import Model
    from model.store import Found

app = typer.Typer(no_args_is_help=True, help="Train, publish and use the models that offers are chosen by.")
Folder = Annotated[Path | None, typer.Option(help="Where trained models lie; by default [models] folder.")]
Name = Annotated[str, typer.Argument(help="The model")]
Version = Annotated[int | None, typer.Option(help="Its version; by default the newest.")]
Horizon = Annotated[str, typer.Option(help="How long after a decision an order counts, such as '1 d'.")]


@app.command("train")
@command
def train(
    name: Annotated[str, typer.Option(help="The model: a to z, 0 to 9 and -.")] = "offers",
    horizon: Horizon = "1 d",
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first UTC day.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Train on the landed decisions and orders; write the next version with its report. Nothing uses it yet.

    Example: hongbao model train --horizon "1 d"
    """
    from model import folder as files
    from model.along import scorecard
    from model.outcomes import EVER, outcomes
    from model.report import report, told
    from model.training import train as fit

    where, until = _folder(folder), _horizon(horizon)
    number = files.next_version(where, _named(name))
    rows = outcomes(until, EVER if since is None else since.replace(tzinfo=UTC))
    trained = fit(rows, name, number, until // timedelta(milliseconds=1))
    found = report(trained, scorecard())
    place = files.save(where, trained.text, found)
    show(found, json, f"{told(found)}\nwritten to {place}")


@app.command("list")
@command
def list_(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no broker: only the folder.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> int:
    """List every version, trained or published, and which is in use.

    Example: hongbao model list
    """
    from model import store
    from model.along import scorecard
    from model.standing import versions
    from settings import Pulsar, read

    found = store.Found() if offline else store.newest(read(Pulsar))
    show(versions(_folder(folder), found, scorecard()), json)
    return _problems(found)


@app.command("publish")
@command
def publish(name: Name, version: Version = None, folder: Folder = None, json: Json = False) -> None:
    """Publish a trained version, so that every job knows it; none uses it yet. Again is harmless.

    Example: hongbao model publish offers --version 3
    """
    from model import folder as files
    from model import store
    from settings import Pulsar, read

    done = store.publish(read(Pulsar), files.load(_folder(folder), name, version).text)
    _published(done, json)


@app.command("use")
@command
def use(name: Name, version: Version = None, folder: Folder = None, json: Json = False) -> None:
    """Let running jobs choose offers by a version, published or in the folder; `scorecard` goes back to the scorecard.

    Example: hongbao model use offers --version 3
    """
    from errors import SettingsError
    from model import folder as files
    from model import store
    from model.along import definition, scorecard
    from settings import Pulsar, read

    along, text = scorecard(), None
    if name == along.name and version in (None, along.version):
        text = definition()
    elif version is None or version in files.versions(_folder(folder), name):
        try:
            text = files.load(_folder(folder), name, version).text
        except SettingsError:
            if files.versions(_folder(folder), name):
                raise
            # Trained elsewhere: what is published will do.
    _published(store.use(read(Pulsar), name, version, text), json)


@app.command("status")
@command
def status(horizon: Horizon = "1 d", json: Json = False) -> int:
    """Say which model is in use, and what came of what each one chose: expected against ordered, as landed.

    Example: hongbao model status
    """
    from model import store
    from model.along import scorecard
    from model.standing import chosen
    from settings import Pulsar, read

    found = store.newest(read(Pulsar))
    in_use, along = found.in_use, scorecard()
    model = f"{along.name} {along.version}" if in_use is None else f"{in_use.name} {in_use.version}"
    since = None if in_use is None else in_use.published_at.isoformat(timespec="seconds")
    rows = chosen(_horizon(horizon))
    answer = {"in_use": model, "since": since, "chosen": [vars(row) for row in rows]}
    lines = [f"in use: {model}{f', since {since}' if since else ', which comes along'}"]
    lines += [
        f"{one.model}: {one.decisions:,} decisions, {one.explored:,} to explore, the last at {one.last_at}"
        + (
            f"; of {one.over:,} that are over {one.expected:.1%} expected, {one.ordered:.1%} ordered"
            if one.over
            else ""
        )
        for one in rows
    ]
    show(answer, json, "\n".join(lines))
    return _problems(found)


@app.command("explain")
@command
def explain(
    shopper: Annotated[str | None, typer.Option(help="A shopper, after the newest landed event.")] = None,
    decision: Annotated[str | None, typer.Option(help="A landed decision, or a coupon, by its id.")] = None,
    name: Annotated[str | None, typer.Option("--model", help="By default the one in use.")] = None,
    version: Version = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Say what a model expects of a shopper or a decision, and what each input adds to it.

    Example: hongbao model explain --shopper u1 --model scorecard
    """
    from errors import SettingsError
    from jobs.coupons import Coupons
    from model import explain as explaining
    from settings import read

    if (shopper is None) == (decision is None):
        raise SettingsError("explain: give one of --shopper and --decision")
    model = _model(name, version, _folder(folder))
    if decision is not None:
        found = explaining.decision(decision, model)
    else:
        assert shopper is not None
        config = read(Coupons)
        found = explaining.shopper(shopper, model, config.currency, config.remember_buyers, config.remember_visitors)
    show(found if not json else vars(found), json, explaining.told(found))


def _model(name: str | None, version: int | None, folder: Path) -> "Model":
    from model import folder as files
    from model import store
    from model.along import scorecard
    from settings import Pulsar, read

    along = scorecard()
    if name is None:
        in_use = store.newest(read(Pulsar)).in_use
        return along if in_use is None or in_use.model is None else in_use.model
    if name == along.name and version in (None, along.version):
        return along
    return files.load(folder, name, version).model


def _named(name: str) -> str:
    import re

    from errors import SettingsError

    if not re.fullmatch("[a-z0-9-]{1,64}", name) or name == "scorecard":
        raise SettingsError(f"--name: a to z, 0 to 9 and -, at most 64, and not scorecard, got {name!r}")
    return name


def _horizon(text: str) -> timedelta:
    from errors import SettingsError
    from settings.duration import parse

    try:
        horizon: timedelta = parse(text)
    except ValueError as error:
        raise SettingsError(f"--horizon: {error}, got {text!r}") from None
    if horizon <= timedelta(0):
        raise SettingsError(f"--horizon: it must be above 0, got {text!r}")
    return horizon


def _folder(folder: Path | None) -> Path:
    from settings import Models, read

    return folder or read(Models).folder


def _published(done: "object", json: bool) -> None:
    from model.store import Published

    assert isinstance(done, Published)
    row = {"name": done.name, "version": done.version, "status": done.status, "published_at": done.published_at}
    told = "in use" if done.status == "used" else "published, not in use"
    show(row, json, f"{done.name} {done.version}: {told} since {done.published_at.isoformat(timespec='seconds')}")


def _problems(found: "Found") -> int:
    """Tell what on the topic cannot be read; 1 where there is something."""
    for problem in found.problems:
        say(f"hongbao: {problem}")
    return 1 if found.problems else 0
