"""What failed waits longer each time, and keeps its shopper's later messages behind it."""

import time
from dataclasses import dataclass
from typing import Any

import pytest

from coupons.held import Held, delay_s


@dataclass
class Failed:
    """What Held looks at of a receipt."""

    order_key: str
    name: str
    attempts: int = 1
    retry_at_s: float = 0.0


@pytest.mark.parametrize(("attempts", "longest_s"), [(1, 0.2), (2, 0.4), (5, 3.2), (8, 25.6), (9, 30.0), (5_000, 30.0)])
def test_delay_doubles_up_to_its_most_less_half_by_chance(attempts: int, longest_s: float) -> None:
    delays = [delay_s(attempts, 0.2, 30.0) for _ in range(200)]
    assert longest_s / 2 <= min(delays) < max(delays) <= longest_s
    assert max(delays) - min(delays) > longest_s / 4


def test_shoppers_messages_come_back_together_in_order() -> None:
    held: Any = Held(0.01, 0.01)
    first, second, other = Failed("u1", "first"), Failed("u1", "second"), Failed("u2", "other")
    held.retry(first)
    held.behind(second)
    held.retry(other)
    assert (len(held), held.holds("u1"), held.holds("u3")) == (3, True, False)
    assert held.due() == []
    time.sleep(max(0, first.retry_at_s - time.monotonic()))
    assert held.due() == [first, second]
    assert (len(held), held.holds("u1")) == (1, False)


def test_what_waits_behind_nothing_is_due_at_once() -> None:
    held: Any = Held(10, 10)
    held.behind(Failed("u1", "only"))
    assert [one.name for one in held.due()] == ["only"]
