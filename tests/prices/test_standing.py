"""A standing says version, file and the newest price that landed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from prices.standing import standings
from prices.store import Found, Version
from tests.prices.rules import rule
from tests.warehouse.landing import START, land

APPLIED = datetime(2026, 11, 11, tzinfo=UTC)


def test_standing_has_the_newest_price_and_what_became_of_the_file(tmp_path: Path) -> None:
    plain = {"previous_percent": 100, "category": "tea"}
    rows = [
        {**plain, "price_id": str(n), "price_percent": percent, "window_end": at, "decided_at": at}
        for n, (percent, at) in enumerate([(80, START + timedelta(minutes=9)), (90, START)])
    ]
    land(tmp_path, "prices", rows)
    found = Found(
        {
            "tea": Version("tea", 2, "paused", APPLIED, rule(), None, {}),
            "cup": Version("cup", 1, "active", APPLIED, None, "high: it must be above low", {}),
        }
    )
    cup, tea = standings(found, {"tea": rule(low=0.1)}, tmp_path)
    assert (cup.state, cup.file, cup.price_percent, cup.changed_at) == ("unreadable", "none", 100, None)
    assert (tea.version, tea.state, tea.file, tea.price_percent) == (2, "paused", "differs", 80)
    assert tea.changed_at == (START + timedelta(minutes=9)).isoformat(timespec="seconds")
    assert standings(found, {"tea": rule()}, tmp_path)[1].file == "same"
