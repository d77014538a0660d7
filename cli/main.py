"""The `hongbao` command: the stack, its jobs and contracts; the other commands have files of their own."""

import signal
from dataclasses import asdict
from types import FrameType
from typing import Annotated

import typer

from cli import campaigns, model, pressure, prices, publishing, rehearse, scaling, tail, trials, warehouse
from cli.answer import Json, command, say, show
from cli.progress import steps

# Commands import what they need when they run: `hongbao --help` must not wait for PyFlink.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
schema_app = typer.Typer(no_args_is_help=True, help="Check and register the contracts.")
app.add_typer(publishing.app)
app.add_typer(pressure.app)
app.add_typer(warehouse.app)
app.add_typer(trials.app)
app.add_typer(rehearse.app)
app.add_typer(scaling.app)
app.add_typer(campaigns.app, name="campaign")
app.add_typer(prices.app, name="price")
app.add_typer(model.app, name="model")
app.add_typer(schema_app, name="schemas")
app.add_typer(tail.app, name="tail")


@app.callback()
def hongbao() -> None:
    """Clickstream in, coupons out, in under a second.

    Exit codes: 0 done, 1 a problem was found, 2 it could not run.
    """


@app.command()
@command
def up(json: Json = False) -> None:
    """Start Pulsar and Flink on this machine, with topics and schemas; they stay up until `down`.

    Example: hongbao up
    """
    import stack

    with steps() as step:
        stack.up(step)
    _status(json)


@app.command()
@command
def down(json: Json = False) -> None:
    """Stop what `up` started, and nothing else.

    Example: hongbao down
    """
    import stack

    stopped = stack.down()
    show({"stopped": stopped}, json, f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


@app.command()
@command
def status(json: Json = False) -> int:
    """Say what runs: processes, broker, slots, jobs. Exit code 1 when the stack is not up.

    Example: hongbao status --json
    """
    return _status(json)


def _status(json: bool) -> int:
    import stack

    found = stack.status()
    jobs = ", ".join(f"{job['job']} {job['state']}" for job in found.jobs) or "none"
    reasons = [f"{job['job']} failed: {job['why']}" for job in found.jobs if job["why"]]
    lines = [f"{name}: {f'pid {pid}' if pid else 'down'}" for name, pid in found.pids.items()]
    lines += [
        f"{name}: started again {'and again, it dies each time' if said.in_a_loop else f'{said.times} times'}, "
        f"last at {said.newest}; see log/supervisor.log"
        for name, said in found.restarts.items()
    ]
    lines += [
        f"broker answers: {'yes' if found.broker_healthy else 'no'}",
        f"slots: {found.slots}",
        f"jobs: {jobs}",
        *reasons,
    ]
    show({**asdict(found), "up": found.up}, json, "\n".join(lines))
    return 0 if found.up else 1


@app.command()
@command
def submit(
    names: Annotated[list[str], typer.Argument(help="coupons, landing, conversion, or a module of your own in jobs/")],
    resume: Annotated[bool, typer.Option(help="Go on from the newest checkpoint.")] = False,
    json: Json = False,
) -> None:
    """Submit jobs to the cluster, wait until they run, and check that Python runs in thread mode.

    Example: hongbao submit coupons landing conversion
    """
    from jobs.submit import submit_and_check

    with steps() as step:
        submitted = submit_and_check(names, step, resume)
    show(submitted, json)


@app.command()
@command
def upgrade(
    name: Annotated[str, typer.Argument(help="coupons, landing or conversion")],
    check: Annotated[bool, typer.Option(help="Only say what of the state can be kept.")] = False,
    allow_dropped_state: Annotated[bool, typer.Option(help="Go on although some cannot.")] = False,
    json: Json = False,
) -> None:
    """Move a running job to its new code, with its state: savepoint, new code, resume; back if it does not come up.

    It says beforehand what of the state can be kept, and stops nothing where some cannot.

    Example: hongbao upgrade coupons --check
    """
    from jobs.upgrade import upgrade as run

    # The plan that it tells stays to be read.
    done = run(name, only_check=check, allow_dropped_state=allow_dropped_state, say=say)
    text = f"{name} runs as {done.job_id}, after {done.downtime_s} s" if done.job_id else "nothing was stopped"
    show(done.summary(), json, text)


@app.command()
@command
def jobs(
    cancel: Annotated[str | None, typer.Option(help="Cancel the running job of this name.")] = None, json: Json = False
) -> None:
    """List the cluster's jobs, newest first.

    Example: hongbao jobs
    """
    from settings import Flink, read
    from stack.flink_rest import FlinkRest

    with FlinkRest(read(Flink).rest_url) as rest:
        if cancel is not None:
            rest.cancel(rest.running_id(cancel))
        show(rest.jobs_with_reasons(), json)


@app.command()
@command
def service(
    name: Annotated[str, typer.Argument(help="inventory, payment, marketing or membership")], json: Json = False
) -> None:
    """Run one of the services that start from the subscriber library, until Ctrl-C; then say what it handled.

    Example: hongbao service payment
    """
    from services.run import run

    show({"service": name, **run(name)}, json)


@app.command()
@command
def claims(json: Json = False) -> int:
    """List the red envelopes that lack points, coupon or prize so far. Exit code 1 when there is one.

    Example: hongbao claims
    """
    from services.claims import claims
    from settings import Services, read

    found = claims(read(Services))
    lacking = [claim for claim in found if not claim.complete]
    show(lacking, json)
    say(f"{len(found) - len(lacking):,} of {len(found):,} claims are complete")
    return 1 if lacking else 0


@schema_app.command("check")
@command
def schemas_check(json: Json = False) -> int:
    """Say which change to a contract would break whom, before anything is deployed.

    Example: hongbao schemas check
    """
    from schemas.check import check

    findings = check()
    show(findings, json, "\n".join(finding.sentence for finding in findings) or "no change breaks anyone")
    return 1 if any(finding.breaks for finding in findings) else 0


@schema_app.command("register")
@command
def schemas_register(json: Json = False) -> None:
    """Register the contracts with the broker; `up` does it too.

    Example: hongbao schemas register
    """
    from schemas.registry import register
    from settings import Pulsar, read

    show(register(read(Pulsar)), json)


@app.command()
@command
def doctor(json: Json = False) -> int:
    """Look for what would go wrong: versions, jars, ports, policies, memory. Exit code 1 when something would.

    Example: hongbao doctor
    """
    from stack.doctor import examine

    findings = examine()
    show(findings, json, "\n".join(finding.sentence for finding in findings))
    return 1 if any(not finding.well for finding in findings) else 0


def main() -> None:
    # By default it would end at once, and a stack that it started for itself would go on.
    signal.signal(signal.SIGTERM, _end)
    app(prog_name="hongbao")


def _end(number: int, _: FrameType | None) -> None:
    # Once is enough: what ends is not to be interrupted.
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)
