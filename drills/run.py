"""Run a drill and its control: start, load, break, recover, settle, account."""

import shutil
import time
from collections.abc import Callable, Sequence
from typing import Any

from campaigns import store
from drills.catalog import DRILLS, Drill
from drills.outcome import Outcome, outcome
from drills.scene import Scene, playing
from errors import CannotRun, SettingsError
from jobs.conversion import Conversion
from jobs.submit import submit_and_check
from schemas.topics import COUPONS
from settings import Flink, Pulsar, read
from settings.reader import ROOT
from stack import topics
from stack.flink_rest import FlinkRest
from stack.private import private
from stack.processes import wait_until
from stack.pulsar_admin import PulsarAdmin
from warehouse.differences import conversion

EVENTS_PER_S = 400.0
# Before the fault: more than one checkpoint to fall back to. After the recovery: p99 needs coupons to be measured on.
BEFORE_S, AFTER_S = 6.0, 8.0
ABANDONED_S = 5
SETTLE_S = 180.0
# The last windows close some seconds after the last event, and land with the checkpoint after that.
FIGURES_S = 60.0
SHORTENED = {
    "HONGBAO_STACK_QUICK_START": "true",
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
    "HONGBAO_COUPONS_ABANDONED_AFTER": f"{ABANDONED_S} s",
    "HONGBAO_COUPONS_CHECKPOINT_INTERVAL": "2 s",
    "HONGBAO_COUPONS_VIP_CHECKPOINT_INTERVAL": "2 s",
    "HONGBAO_LANDING_CHECKPOINT_INTERVAL": "2 s",
    "HONGBAO_CONVERSION_CHECKPOINT_INTERVAL": "2 s",
    "HONGBAO_CONVERSION_SESSION_GAP": "20 s",
}


def run(name: str, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """The drill's figures, whether it passed, and its control's figures under `control`.

    It passed when every promise was kept in time, and the same fault broke one with the protection switched off.
    Raises SettingsError for an unknown name.
    """
    if name not in DRILLS:
        raise SettingsError(f"drill: no drill {name!r}; there are {', '.join(DRILLS)}")
    drill = DRILLS[name]
    say(f"{name}: {drill.what}")
    kept = _play(drill, True, say)
    say(f"{name}: the control, without {drill.protection.name}")
    broken = _play(drill, False, say)
    return {
        "drill": name,
        **kept.plain(),
        "passed": kept.whole and kept.recovery_s <= drill.recovery_s and not broken.whole,
        "control": {"without": drill.protection.name, **broken.plain()},
    }


def _play(drill: Drill, protected: bool, say: Callable[[str], None]) -> Outcome:
    folder = ROOT / "var" / "drill"
    shutil.rmtree(folder / "scene", ignore_errors=True)
    settings = {**SHORTENED, **({} if protected else drill.protection.off)}
    scene = Scene(
        folder / "scene",
        EVENTS_PER_S,
        spool=protected or drill.protection.spool,
        inbox=protected or drill.protection.inbox,
        state=protected or drill.protection.state,
        scans=drill.campaign is None,
    )
    with drill.place(folder) as place, private(folder / "stack", {**settings, **place}, say):
        if drill.campaign is not None:
            # Before the jobs start: they read the campaigns first, and so have them at the first claim.
            store.apply(read(Pulsar), {drill.campaign.name: drill.campaign})
        submit_and_check(topics.jobs(), say)
        with playing(scene):
            scene.wait_for_coupons()
            _wait_for_checkpoints()
            time.sleep(BEFORE_S)
            say("breaking it")
            drill.fault(scene)
            scene.wait_for_coupons()
            say("coupons flow again")
            time.sleep(AFTER_S)
            scene.shop.stop()
            # What is in a basket now is left behind, and announced after this time.
            time.sleep(ABANDONED_S)
            _settle(drill.services, say)
            if drill.figures:
                _wait_for_figures(say)
        return outcome(scene, drill.figures, drill.campaign)


def _wait_for_checkpoints() -> None:
    with FlinkRest(read(Flink).rest_url) as rest:
        for job in topics.jobs():
            job_id = rest.running_id(job)
            wait_until(f"{job}'s checkpoint", lambda: rest.newest_checkpoint(job_id) is not None, SETTLE_S)  # noqa: B023


def _settle(services: Sequence[str], say: Callable[[str], None]) -> None:
    """Return when every reader has acknowledged everything: a job does so when the checkpoint that has it completes."""
    pulsar = read(Pulsar)

    def quiet() -> bool:
        with PulsarAdmin(pulsar.admin_url) as admin:
            clicks = sum(topics.backlog(admin, pulsar, job) for job in topics.jobs())
            coupons = sum(admin.backlog(pulsar.topic(COUPONS.path), reader) for reader in ("drill", *services))
            return clicks + coupons == 0

    say("settling")
    try:
        wait_until("an empty backlog", quiet, SETTLE_S)
    except CannotRun as error:
        say(str(error))
    # The files of the checkpoint that acknowledged become visible with it, not before it.
    time.sleep(3)


def _wait_for_figures(say: Callable[[str], None]) -> None:
    """Return when the conversion job has published what the landed events give, or will not."""
    currency = read(Conversion).currency
    try:
        wait_until("the conversion figures", lambda: not conversion(currency), FIGURES_S)
    except CannotRun as error:
        say(str(error))
