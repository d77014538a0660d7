"""How an applied campaign stands: by the clock, by its status, by its file, by what landed."""

from pathlib import Path

from campaigns.standing import standings
from campaigns.store import PAUSED, Found
from tests.campaigns.files import campaign
from tests.campaigns.test_plan import applied
from tests.warehouse.landing import START, land


def states(found: Found, now_ms: int, folder: Path) -> list[str]:
    return [one.state for one in standings(found, {}, now_ms, folder)]


def test_state_goes_by_the_clock_and_a_pause(tmp_path: Path) -> None:
    sale = campaign()
    running, paused = applied(sale), applied(sale, status=PAUSED)
    moments = (sale.starts_ms - 1, sale.starts_ms, sale.ends_ms - 1, sale.ends_ms)
    found = [states(running, now_ms, tmp_path)[0] for now_ms in moments]
    assert found == ["upcoming", "running", "running", "over"]
    assert [states(paused, now_ms, tmp_path)[0] for now_ms in moments] == ["paused", "paused", "paused", "over"]


def test_what_was_issued_held_out_and_spent_is_what_landed(tmp_path: Path) -> None:
    def decision(number: int, outcome: str, cost_minor: int = 0) -> dict[str, object]:
        times = dict.fromkeys(("occurred_at", "due_at", "decided_at"), START)
        return {
            "decision_id": f"{number}",
            "campaign_id": "sale",
            "outcome": outcome,
            "cost_minor": cost_minor,
            **times,
        }

    rows = [
        decision(1, "issued", 300),
        decision(2, "issued", 200),
        decision(3, "held_out"),
        decision(4, "capped"),
        decision(5, "past_deadline"),
    ]
    # A replay lands a decision again.
    land(tmp_path, "decisions", [*rows, decision(1, "issued", 300)])
    sale = campaign(budget={"money_minor": 900})
    found = applied(sale, campaign("other"))
    other, one = standings(found, {"sale": sale, "other": campaign("other", priority=1)}, sale.starts_ms, tmp_path)
    assert (one.issued, one.held_out, one.past_deadline) == (2, 1, 1)
    assert (one.cost_minor, one.budget_minor, one.pieces) == (500, 900, None)
    assert (one.file, other.file, other.issued, other.cost_minor) == ("same", "differs", 0, 0)
    assert standings(found, {}, sale.starts_ms, tmp_path)[0].file == "none"
