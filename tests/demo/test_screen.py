"""What the terminal shows of the coupons is what came, each once, however often it looks."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from demo import screen
from demo.screen import Screen
from ingest.profile import parse


def test_receipts_are_read_on_from_where_they_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(force_terminal=True, width=160, record=True)
    monkeypatch.setattr(screen, "Console", lambda **_: terminal)
    receipts = tmp_path / "receipts.jsonl"
    receipts.write_text(_line("a", 40), encoding="utf-8")
    shown = Screen(parse("steady=1x1s"))
    with shown:
        _look(shown, receipts)
        # A repeat, a late one, and one that is being written.
        more = _line("a", 900) + _line("b", 80) + _line("c", 70)
        with receipts.open("a", encoding="utf-8") as file:
            file.write(more[:-20])
        _look(shown, receipts)
        assert _facts(shown) == "coupons 2  p50 40 ms  p99 80 ms"
        with receipts.open("a", encoding="utf-8") as file:
            file.write(more[-20:])
        _look(shown, receipts)
    assert _facts(shown) == "coupons 3  p50 70 ms  p99 80 ms"


def test_on_no_terminal_it_does_not_read_them(tmp_path: Path) -> None:
    with Screen(parse("steady=1x1s")) as shown:
        _look(shown, tmp_path / "missing.jsonl")


def _look(shown: Screen, receipts: Path) -> None:
    for sent in range(10):
        shown.show({"phase": "steady", "sent": sent}, receipts)


def _facts(shown: Screen) -> str:
    return str(shown._progress.tasks[0].fields["facts"])


def _line(coupon: str, latency_ms: int) -> str:
    return json.dumps({"coupon_id": coupon, "due_ms": 1_000, "received_ms": 1_000 + latency_ms}) + "\n"
