"""The command that rehearses a sale."""

from typing import Annotated

import typer

from cli.answer import Json, command, say, show
from errors import SettingsError

app = typer.Typer()


@app.command()
@command
def rehearse(
    base: Annotated[float, typer.Option(help="The usual traffic, in events/s.", min=0.1)] = 250,
    peak: Annotated[float, typer.Option(help="The sale's, in events/s.", min=0.1)] = 25_000,
    seconds: Annotated[
        float | None,
        typer.Option(help="Of the sale, after half a minute of warm-up.  [default: 120, and 40 a variant]", min=1),
    ] = None,
    profile: Annotated[str | None, typer.Option(help="As for simulate, instead of the three above.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shoppers.")] = 1,
    here: Annotated[bool, typer.Option("--here", help="On the stack that is up: its coupons are real ones.")] = False,
    vary: Annotated[
        list[str] | None, typer.Option(help="factor=value,value: the load again for each. Again for each factor.")
    ] = None,
    repeats: Annotated[int, typer.Option(help="Of all variants, in turn.", min=1)] = 1,
    json: Json = False,
) -> None:
    """Drive the real pipeline through a sale, say what is full first, what the peak needs, and what to change.

    It runs on ports and in a folder of its own with this checkout's settings, or with --here on what is up, and wants
    the machine to itself. Samples, measured points and a page for the browser stay in var/rehearsal. The verdict is an
    answer, not a problem: the exit code is 0 when the rehearsal ran. With --vary it shows what partitions, parallelism,
    batch_delay_ms or compression change, as a table and a plot.

    Example: hongbao rehearse --base 250 --peak 25000
    """
    from ingest import profile as profiles
    from rehearsal import text
    from rehearsal.command import run, run_variants
    from rehearsal.phases import sale

    chosen = profiles.parse(profile) if profile else sale(base, peak, seconds or (40 if vary else 120))
    if vary and here:
        raise SettingsError("rehearse: --vary starts a stack for each variant; leave --here out")
    if vary:
        summary = run_variants(vary, chosen, seed, repeats, say)
        show(summary, json, f"{text.variants(summary['variants'])}\nplot: {summary['files']['plot']}")
    else:
        summary = run(chosen, seed, here, say)
        show(summary, json, text.text(summary))
