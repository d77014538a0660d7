"""Wait for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import Any


def eventually(answer: Callable[[], Any], wanted: Any, bound_s: float = 60) -> None:
    """Wait for the answer to be as wanted; on giving up, show what it was."""
    deadline = time.monotonic() + bound_s
    while (found := answer()) != wanted:
        assert time.monotonic() < deadline, f"wanted {wanted}, still {found}"
        time.sleep(0.2)
