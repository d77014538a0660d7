"""The commands that put events on the clicks topic: publish, replay, redrive, simulate."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.answer import Json, command, errors, show
from cli.progress import bar

app = typer.Typer()
SpoolFolder = Annotated[Path | None, typer.Option("--spool", help="Keep events here while the broker is away.")]


@app.command()
@command
def publish(
    file: Annotated[Path, typer.Argument(help="JSON lines; - for standard input")],
    spool: SpoolFolder = None,
    json: Json = False,
) -> int:
    """Publish events, one JSON object a line, as they are; a line that breaks the contract is named and skipped.

    Example: hongbao publish events.jsonl
    """
    from ingest.files import Replay

    return _replay(Replay(file=file, format="jsonl", unmapped="refuse"), spool, json)


@app.command()
@command
def replay(
    file: Annotated[Path, typer.Argument(help="A .csv, .jsonl or .parquet file")],
    map: Annotated[list[str] | None, typer.Option(help="field=column, again for each")] = None,
    speed: Annotated[float, typer.Option(min=0, help="1 as it happened, 10 ten times as fast, 0 at once")] = 0,
    shift_to_now: Annotated[bool, typer.Option(help="Move the first event to now, and the others along.")] = False,
    spool: SpoolFolder = None,
    json: Json = False,
) -> int:
    """Publish a file's rows as events, at their own pace or faster; running it again changes nothing.

    Example: hongbao replay clicks.csv --map event_type=action --map occurred_at=ts --speed 10
    """
    from ingest.files import Replay, mapping

    plan = Replay(file=file, columns=mapping(map or []), speed=speed, shift_to_now=shift_to_now)
    return _replay(plan, spool, json)


def _replay(plan: Any, spool: Path | None, json: bool) -> int:
    from ingest.files import count_rows, replay
    from settings import Deferral, Pulsar, read

    with bar("publishing", count_rows(plan) if errors.is_terminal else None) as done_rows:
        done = replay(
            plan, read(Pulsar), _refused, spool, lambda rows: done_rows(rows, "publishing"), deferral=read(Deferral)
        )
    show(
        done,
        json,
        f"published {done.published:,}, of them deferred {done.deferred:,}, refused {done.refused:,}, "
        f"unsent in the spool {done.unsent:,}",
    )
    return 1 if done.refused else 0


@app.command()
@command
def redrive(
    where: Annotated[str, typer.Option(help="An SQL condition on the view dead_letters")],
    set: Annotated[list[str] | None, typer.Option(help="field=value in each, again for each field")] = None,
    check: Annotated[bool, typer.Option(help="Only say what would be published and what refused.")] = False,
    table: Annotated[str, typer.Option("--from", help="dead_letters; late_events have landed, see late")] = (
        "dead_letters"
    ),
    json: Json = False,
) -> int:
    """Publish dead letters again after a fix; again is harmless, and it triggers no coupon a second time.

    Example: hongbao redrive --where "field = 'currency'" --set currency=CNY
    """
    from errors import SettingsError
    from ingest.redrive import assignments
    from ingest.redrive import redrive as run
    from settings import Pulsar, Stack, read

    if table != "dead_letters":
        have = "; late events have landed already: hongbao late tells conversion with them counted"
        raise SettingsError(f"redrive: --from must be dead_letters, got {table!r}{have * (table == 'late_events')}")
    ledger = read(Stack).folder / "redriven.jsonl"
    done = run(where, read(Pulsar), ledger, values=assignments(set or []), only_check=check, refused=_refused)
    did = "would publish" if check else "published"
    text = f"{did} {done.published:,} of {done.selected:,}, landed already {done.repeats:,}, refused {done.refused:,}"
    show(done, json, text)
    return 1 if done.refused else 0


def _refused(where: str, reason: str) -> None:
    errors.print(f"{where}: {reason}", markup=False, soft_wrap=True)


@app.command()
@command
def simulate(
    profile: Annotated[str, typer.Option(help="name=RATExSECONDSs, or FROM-TOxSECONDSs, separated by commas")] = (
        "steady=100x60s"
    ),
    seed: Annotated[int, typer.Option(help="The same seed gives the same shoppers.")] = 1,
    ledger: Annotated[Path | None, typer.Option(help="Where to write what was published.")] = None,
    spool: SpoolFolder = None,
    json: Json = False,
) -> None:
    """Publish a simulated shop's clicks, and keep a ledger of them.

    Example: hongbao simulate --profile steady=100x20s,burst=10000x20s
    """
    from ingest import profile as profiles
    from ingest.messages import Simulation
    from ingest.shop import SALE
    from ingest.simulator import simulate as run
    from settings import Deferral, Pulsar, Stack, read

    simulation = Simulation(profile=profile, seed=seed)
    folder = ledger or read(Stack).folder / "ledger" / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    total = sum(phase.events for phase in profiles.parse(profile))
    with bar("publishing", total) as sent:
        done = run(simulation, read(Pulsar), folder, sent, spool, SALE, deferral=read(Deferral))
    show({**asdict(done), "ledger": str(folder)}, json)
