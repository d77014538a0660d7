"""The commands about overload: pressure, watch-pressure, drain-deferred."""

import time
from dataclasses import asdict
from threading import Event
from typing import Annotated, Any

import typer

from cli.answer import Json, command, say, show

app = typer.Typer()


@app.command()
@command
def pressure(json: Json = False) -> int:
    """Say how hard pressed the system is, by the watcher's newest signal; exit code 1 unless it is normal.

    Example: hongbao pressure
    """
    from pressure.level import Level
    from pressure.signal import newest
    from settings import Pressure, Pulsar, read

    signal = newest(read(Pulsar))
    age_s = None if signal is None else round(signal.age_s(time.time()), 1)
    if signal is None or age_s is None or age_s > read(Pressure).stale_after.total_seconds():
        level, why = Level.UNKNOWN, "nobody says so; hongbao watch-pressure does"
    else:
        level, why = signal.level, _sentence(signal)
    said: dict[str, Any] = {} if signal is None else asdict(signal)
    show({**said, "level": level, "age_s": age_s}, json, f"{level}: {why}")
    return 0 if level is Level.NORMAL else 1


def _sentence(signal: Any) -> str:
    behind = f"{signal.reader} is {signal.lag_ms / 1000:.1f} s behind" if signal.reader else "no reader is behind"
    away = f"; nobody reads as {signal.away}" if signal.away else ""
    waits = f"; since {signal.deferred_since:%H:%M:%S} events are deferred" if signal.deferred_since else ""
    return f"{behind}, since {signal.level_since:%H:%M:%S}{away}{waits}"


@app.command("watch-pressure")
@command
def watch_pressure(json: Json = False) -> None:
    """Measure how far behind the jobs are and tell every publisher, until Ctrl-C; one watcher a tenant.

    Example: hongbao watch-pressure
    """
    from pressure.watch import watch
    from settings import Pressure, Pulsar, read

    before: list[Any] = [None]

    def told(signal: Any) -> None:
        # As text only what changes.
        if json or signal.level is not before[0]:
            show(signal, json, f"{signal.measured_at:%H:%M:%S} {signal.level}: {_sentence(signal)}")
        before[0] = signal.level

    watch(read(Pulsar), read(Pressure), Event(), told, say)


@app.command("drain-deferred")
@command
def drain_deferred(
    follow: Annotated[bool, typer.Option(help="Go on with what is deferred later, until Ctrl-C.")] = False,
    now: Annotated[bool, typer.Option(help="Move also while the system is pressed, or nobody says.")] = False,
    json: Json = False,
) -> None:
    """Move deferred events on to events/clicks while the system is normal, once each; a kill harms nothing.

    Example: hongbao drain-deferred
    """
    from pressure.drain import drain

    done = drain(follow, now, say)
    text = (
        f"moved {done.moved:,}, moved before {done.repeats:,}; the longest waited {done.longest_wait_s:,.0f} s, "
        f"{done.late:,} are late for conversion"
    )
    show(done, json, text)
