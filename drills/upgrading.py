"""Upgrade jobs while the load goes on."""

from drills.anew import submit_anew
from drills.scene import Scene
from jobs.upgrade import upgrade
from settings import Flink, read
from stack.flink_rest import FlinkRest


def upgrade_jobs(scene: Scene) -> None:
    """The coupons last: recovery is theirs."""
    for name in ("landing", "coupons"):
        scene.harm()
        if scene.state:
            upgrade(name)
            continue
        with FlinkRest(read(Flink).rest_url) as rest:
            rest.cancel_and_wait(rest.running_id(name))
        submit_anew([name])
