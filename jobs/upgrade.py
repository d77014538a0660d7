"""Replace a running job by its new code, with its state: say what is kept, stop, start, and go back if it fails."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from errors import CannotRun, HongbaoError, ProblemFound
from jobs import kept_state
from jobs.submit import START_S, Submitted, check_names, environment, submit, wait_until_running
from settings import Flink, Stack, read
from stack import jars
from stack.flink_rest import FlinkRest

TOOL = "dev.hongbao.connector.SavedJob"
# A savepoint of a gigabyte takes seconds here.
SAVEPOINT_S = 300.0


@dataclass(frozen=True)
class Fate:
    """What becomes of one operator's state."""

    operator: str
    id: str
    bytes: int
    kept: bool
    why: str


@dataclass(frozen=True)
class Upgraded:
    """`downtime_s` is from the old job's last event to the first moment every new task ran."""

    job: str
    old_job_id: str
    job_id: str | None
    state: list[Fate]
    savepoint: str | None
    downtime_s: float | None

    def summary(self) -> dict[str, Any]:
        return asdict(self)


def upgrade(
    name: str,
    *,
    only_check: bool = False,
    allow_dropped_state: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Upgraded:
    """Say what of the state the new code can keep, then move the job to it through a savepoint.

    Raises ProblemFound where state would be dropped and that is not allowed, or where the new code does not come up:
    then the old runs again, from the same savepoint. Raises CannotRun when the job does not run or has no checkpoint.
    """
    check_names([name])
    stack = read(Stack)
    with ExitStack() as running:
        rest = running.enter_context(FlinkRest(read(Flink).rest_url))
        work = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="hongbao-upgrade-")))
        old_id = rest.running_id(name)
        say(f"planning the new {name}")
        old, new = work / "old.graph", work / "new.graph"
        _tool(stack, "find", str(stack.folder / "flink" / "ha"), old_id, str(old))
        submit([name], {**environment(stack), "HONGBAO_PLAN": str(new)})
        metadata = keep_metadata(lambda: rest.newest_checkpoint(old_id), name, work)
        fates = _fates(stack, metadata, new, old)
        dropped = [fate for fate in fates if not fate.kept]
        say(told(name, fates))
        if only_check:
            return Upgraded(name, old_id, None, fates, None, None)
        if dropped and not allow_dropped_state:
            raise ProblemFound(
                f"upgrade: {name} would lose the state of {', '.join(fate.operator for fate in dropped)}; "
                "--allow-dropped-state upgrades all the same, and nothing has been stopped"
            )
        say("stopping with a savepoint")
        stopping_s = time.monotonic()
        savepoint = rest.stop_with_savepoint(old_id, SAVEPOINT_S)
        say(f"savepoint {savepoint}; starting the new code")
        try:
            new_id, running_s = _start(stack, rest, name, savepoint, new, allow_dropped_state)
        except HongbaoError as error:
            back_id, _ = _start(stack, rest, name, savepoint, old)
            raise ProblemFound(
                f"upgrade: the new {name} did not come up ({error}); the old code runs again as {back_id} "
                f"from {savepoint}, and nothing is lost"
            ) from None
        return Upgraded(name, old_id, new_id, fates, savepoint, round(running_s - stopping_s, 1))


def told(name: str, fates: list[Fate]) -> str:
    """What becomes of the state, for a person."""
    kept = [fate for fate in fates if fate.kept]
    lines = [f"{name}: {len(kept)} of {len(fates)} operators' state is kept ({sum(f.bytes for f in kept):,} bytes)"]
    lines += [f"  dropped: {f.operator} ({f.bytes:,} bytes): {f.why}" for f in fates if not f.kept]
    return "\n".join(lines)


def keep_metadata(newest: Callable[[], str | None], name: str, folder: Path) -> Path:
    """A copy of the newest checkpoint's metadata: a few checkpoints later Flink deletes what it is compared by.

    Raises CannotRun where there is none, or where it does not lie on this machine.
    """
    missing = ""
    while checkpoint := newest():
        if checkpoint == missing:
            raise CannotRun(f"upgrade: {missing} is not on this machine; run it where the checkpoints are")
        try:
            return Path(shutil.copy(Path(checkpoint.removeprefix("file:")) / "_metadata", folder))
        except FileNotFoundError:
            missing = checkpoint  # newer ones have taken its place meanwhile, or it was never here
    raise CannotRun(f"upgrade: {name} has completed no checkpoint yet; wait for one (hongbao jobs)")


def _fates(stack: Stack, metadata: Path, new: Path, old: Path) -> list[Fate]:
    lines = _tool(stack, "compare", str(metadata), str(new), str(old)).splitlines()
    fates = [Fate(**json.loads(line)) for line in lines if line.startswith("{")]
    return sorted(fates, key=lambda fate: (fate.kept, fate.operator))


def _start(
    stack: Stack, rest: FlinkRest, name: str, savepoint: str, graph: Path, allow_dropped: bool = False
) -> tuple[str, float]:
    """Start a planned job from the savepoint; its id, and the moment all of it ran.

    It is up once it has also completed a checkpoint. To plan it again would take most of the downtime.
    """
    placed = graph.with_suffix(".placed")
    job_id = _tool(stack, "restart", str(graph), savepoint, str(placed), str(allow_dropped).lower()).split()[-1]
    rest.submit_graph(placed.read_bytes())
    kept_state.remember(stack, name, job_id)
    try:
        return job_id, _wait(rest, Submitted(name, job_id))
    except HongbaoError:
        rest.cancel_and_wait(job_id)
        raise


def _wait(rest: FlinkRest, job: Submitted) -> float:
    wait_until_running(rest, job)
    running_s = time.monotonic()
    while rest.newest_checkpoint(job.job_id) is None:
        if time.monotonic() > running_s + START_S or rest.state(job.job_id) == "FAILED":
            reason = rest.failure(job.job_id) or "no reason is known"
            raise CannotRun(f"{job.job} runs, but completes no checkpoint: {reason}")
        time.sleep(0.2)
    return running_s


def _tool(stack: Stack, *arguments: str) -> str:
    """Run the connector's SavedJob with the cluster's own jars; its output."""
    done = subprocess.run(
        ["java", jars.LIGHTLY, *jars.java_options(), "-cp", f"{stack.folder / 'lib'}/*", TOOL, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotRun(f"upgrade: {' '.join(arguments[:1])}: {done.stderr.strip().splitlines()[0][:300]}")
    return done.stdout
