"""Events that wait over a second are late, whether slots lack or a rescale stands in the way."""

from collections.abc import Sequence

import numpy as np
import pytest

from scaling.queue import Queue


def served(*chunks: tuple[Sequence[float], float], restart: tuple[float, float] | None = None) -> Queue:
    """Arrivals a second and the capacity, chunk by chunk; a restart comes before the first."""
    queue = Queue()
    if restart is not None:
        queue.restart(*restart)
    for arrivals, capacity in chunks:
        queue.serve(np.array(arrivals), capacity)
    return queue


def test_enough_capacity_makes_nobody_late() -> None:
    queue = served(([100, 100, 100], 100))
    assert (queue.late, queue.waiting) == (0, 0)


def test_second_s_worth_of_waiting_is_in_time_and_more_is_late() -> None:
    assert served(([200], 100)).late == 0
    # Of the second second's 200 there wait 200 in all at its end, and the third serves 100.
    assert served(([200, 200], 100)).late == 100


def test_backlog_makes_later_events_late_until_it_is_gone() -> None:
    whole = served(([1_000] + [50] * 30, 100))
    assert whole.waiting == 0
    # 900 wait after the first second; each later one takes 50 away, and 100 are in time.
    assert whole.late == 800 + 50 * 15
    parts = served(([1_000] + [50] * 10, 100), ([50] * 20, 100))
    assert (parts.late, parts.waiting) == (whole.late, whole.waiting)


@pytest.mark.parametrize(("capacity", "late"), [(1_000, 200), (240, 210), (100, 250)])
def test_rescale_makes_late_whom_the_second_after_it_does_not_reach(capacity: float, late: float) -> None:
    # 250 came by the end of the fifth second, and the first four seconds' are late already.
    assert served(([50] * 5 + [0] * 10, capacity), restart=(5.0, 0)).late == late


def test_events_served_again_take_their_time_and_are_not_late_themselves() -> None:
    assert served(([0] * 3, 100), restart=(1.0, 150)).late == 0
    slow = served(([10] * 6, 100), restart=(2.0, 150))
    quick = served(([10] * 6, 100), restart=(2.0, 0))
    assert slow.late > quick.late
    assert slow.waiting == 0


def test_part_of_a_second_s_downtime_is_part_of_its_capacity() -> None:
    queue = served(([100, 0], 100), restart=(0.25, 0))
    assert (queue.late, queue.waiting) == (0, 0)
    assert served(([100], 100), restart=(0.25, 0)).waiting == 25
