"""Let part of the publishers tell the time wrong."""

import time

from drills.scene import Scene

HOUR_S = 3_600
WRONG_S = 20.0
# A tenth of the shop's own: every partition gets some of each.
EVENTS_PER_S = 40.0


def wrong_clocks(scene: Scene) -> None:
    """For a while, beside the shop: one publisher an hour ahead, one an hour behind."""
    scene.harm()
    publishers = [
        scene.start_other(f"shop-{name}", "drills.skewed_shop", str(EVENTS_PER_S), str(skew_s))
        for name, skew_s in (("ahead", HOUR_S), ("behind", -HOUR_S))
    ]
    time.sleep(WRONG_S)
    for publisher in publishers:
        publisher.stop()
