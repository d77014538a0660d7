"""The visits that compaction keeps beside a file answer as its events would, and are never all there is."""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import warehouse
from tests.warehouse.landing import START, event, land
from tests.warehouse.small_files import LONG, NO_GRACE, kept, landed, names, visited
from warehouse import compaction, files, visits
from warehouse.compaction import compact
from warehouse.connection import opened
from warehouse.files import VISITS, live, visit_files, visits_of, visits_suffix
from warehouse.tables import TABLES, VISIT

STEPS = ("product_viewed", "product_added", "checkout_started", "order_completed")
# Few of each, for visits across files, hours and midnight, and several events of one moment.
EVENTS = st.fixed_dictionaries(
    {
        "event_type": st.sampled_from([*STEPS, "product_removed"]),
        "shopper_id": st.sampled_from(["anna", "boris"]),
        "session_id": st.sampled_from(["v1", "v2", "v3"]),
        "order_id": st.sampled_from([None, "o1", "o2", "o3"]),
        "source": st.sampled_from([None, "web", "app", "till"]),
        "campaign_id": st.sampled_from([None, "11.11", "tea"]),
        "membership_tier": st.sampled_from([None, "none", "gold", "vip"]),
        "occurred_at": st.sampled_from([START + timedelta(minutes=20 * n, milliseconds=n) for n in range(-4, 5)]),
    }
)
FILES = st.lists(st.lists(EVENTS, min_size=1, max_size=8), min_size=1, max_size=3)
GRACES = st.sampled_from([NO_GRACE, LONG])


def seen(minutes: int, **fields: Any) -> dict[str, Any]:
    """An event that lacks what `fields` do not say."""
    lacking = dict.fromkeys(("order_id", "source", "campaign_id", "membership_tier"))
    moment = START + timedelta(minutes=minutes)
    return {**event(), "shopper_id": "anna", "session_id": "v1", "occurred_at": moment, **lacking, **fields}


# Each turn lands files and compacts, some leaving the replaced files to the next; what lands last is never merged.
@settings(max_examples=20, deadline=None)
@example(
    # What was merged begins and ends the visit, but is not the first or last to have a source, campaign or tier.
    turns=[
        ([[seen(0), seen(3, source="app", campaign_id="tea"), seen(5, membership_tier="vip")], [seen(9)]], NO_GRACE)
    ],
    last=[[seen(2, source="web", campaign_id="11.11"), seen(7, membership_tier="gold")]],
)
@given(turns=st.lists(st.tuples(FILES, GRACES), max_size=3), last=FILES)
def test_visits_are_what_the_events_add_up_to_whatever_was_merged(turns: list[Any], last: list[Any]) -> None:
    rows: list[Mapping[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for turn, (files, grace) in enumerate([*turns, (last, None)]):
            for number, found in enumerate(files):
                land(folder, "events", [event(**one) for one in found], part=f"part-{turn}-{number}")
                rows += found
            if grace is not None:
                assert compact(folder, ("events",), grace=grace)[0].problems == ()
        with warehouse.connect(folder) as connection:
            answer = connection.sql("FROM sessions ORDER BY shopper_id, session_id")
            found = [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
            assert found == added_up(rows)
            answer = connection.sql("SELECT day, step, event_type, visits, shoppers FROM funnel ORDER BY day, step")
            assert answer.fetchall() == funnel(found)


def added_up(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The visits in plain Python; at one moment the first of a name is the first by the alphabet."""
    by_visit = defaultdict(list)
    for row in rows:
        by_visit[row["shopper_id"], row["session_id"]].append(row)
    return [_visit(*key, rows) for key, rows in sorted(by_visit.items())]


def _visit(shopper_id: str, session_id: str, rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    def known(name: str) -> list[Any]:
        found = sorted((row["occurred_at"], row[name]) for row in rows if row[name] is not None)
        return [value for _, value in found] or [None]

    types = [row["event_type"] for row in rows]
    return {
        "shopper_id": shopper_id,
        "session_id": session_id,
        "started_at": known("occurred_at")[0],
        "ended_at": known("occurred_at")[-1],
        "source": known("source")[0],
        "campaign_id": known("campaign_id")[0],
        "membership_tier": known("membership_tier")[-1],
        "events": len(rows),
        "views": types.count("product_viewed"),
        "adds": types.count("product_added"),
        "checkouts": types.count("checkout_started"),
        "orders": len({row["order_id"] for row in rows if row["event_type"] == STEPS[3]} - {None}),
        "steps": next((step for step, name in enumerate(STEPS) if name not in types), 4),
    }


def funnel(sessions: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    days = sorted({one["started_at"].date() for one in sessions})
    taken = {
        (day, step): [one["shopper_id"] for one in sessions if one["started_at"].date() == day and one["steps"] >= step]
        for day in days
        for step in range(1, 5)
    }
    return [(day, step, STEPS[step - 1], len(shoppers), len(set(shoppers))) for (day, step), shoppers in taken.items()]


def test_a_merged_file_has_its_visits_beside_it_from_the_commit_on(tmp_path: Path) -> None:
    landed(tmp_path)
    compact(tmp_path, ("events",), grace=LONG)
    hidden = live(tmp_path, "events")
    assert visit_files(tmp_path) == [visits_of(file) for file in hidden]
    assert all(pq.read_table(file)["events"].to_pylist() == [12] for file in visit_files(tmp_path))
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert live(tmp_path, "events") != hidden
    assert names(tmp_path) == kept(tmp_path)
    assert visit_files(tmp_path) == [visits_of(file) for file in hidden], "the swap leaves them where they are"
    assert pq.read_table(tmp_path / "events")["event_id"].length() == 24, "a plain reader does not see them"


def test_the_funnel_reads_the_columns_it_needs_of_visits_and_of_events(tmp_path: Path) -> None:
    landed(tmp_path)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert read(tmp_path, "FROM funnel") == {"shopper_id", "session_id", "started_at", "taken"}
    landed(tmp_path, files=1, first=6)
    assert read(tmp_path, "FROM funnel") == {
        *("shopper_id", "session_id", "started_at", "taken"),
        *("occurred_at", "event_type"),
    }


def read(folder: Path, query: str) -> set[str]:
    """The columns that a query reads of Parquet."""
    database, _ = opened(folder)
    with database:
        ((_, plan),) = database.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()
    return {column for columns in _projections(json.loads(plan)) for column in columns}


def _projections(node: Any) -> Iterable[list[str]]:
    if isinstance(node, list):
        for child in node:
            yield from _projections(child)
    elif isinstance(node, dict):
        details = node.get("extra_info", {})
        if "READ_PARQUET" in str(details.get("Function")):
            yield details["Projections"]
        yield from _projections(node["children"])


def test_a_merged_file_that_is_merged_again_takes_its_visits_along(tmp_path: Path) -> None:
    landed(tmp_path, files=3)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    first = visit_files(tmp_path)
    landed(tmp_path, files=2, first=3)
    assert visited(tmp_path) == 20
    compact(tmp_path, ("events",), grace=LONG)
    assert all(file.exists() for file in first), "for those who listed them"
    assert visited(tmp_path) == 20
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert not any(file.exists() for file in first)
    assert names(tmp_path) == kept(tmp_path)
    assert visited(tmp_path) == 20


def test_lost_visits_are_those_of_the_events_and_made_again(tmp_path: Path) -> None:
    landed(tmp_path)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    lost, _ = visit_files(tmp_path)
    lost.unlink()
    assert visited(tmp_path) == 24
    assert lost not in visit_files(tmp_path)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert lost in visit_files(tmp_path)
    assert visited(tmp_path) == 24


def test_visits_of_a_file_that_was_rewritten_since_are_not_looked_at_and_made_again(tmp_path: Path) -> None:
    landed(tmp_path)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    file, _ = live(tmp_path, "events")
    rewritten = tmp_path / "rewritten"
    pq.write_table(pq.read_table(file).slice(0, 7), rewritten)
    rewritten.replace(file)
    assert visited(tmp_path) == 19
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert visits_of(file) in visit_files(tmp_path)
    assert visited(tmp_path) == 19


def test_visits_by_another_definition_are_not_looked_at_and_go_with_their_file(tmp_path: Path) -> None:
    landed(tmp_path)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    (file, _) = live(tmp_path, "events")
    older = file.with_name(f".{file.stem}.00000000.visits")
    visits_of(file).rename(older)
    assert file in visit_files(tmp_path)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert visits_of(file) in visit_files(tmp_path)
    assert older.exists(), "an older checkout may be reading it"
    landed(tmp_path, files=1, first=6)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert names(tmp_path) == kept(tmp_path)


def test_another_definition_makes_another_name() -> None:
    definition = Path(files.__file__).with_name("visits.sql").read_bytes()
    assert VISITS == visits_suffix(definition) != visits_suffix(definition + b" ")


def test_a_file_too_large_to_be_merged_has_its_visits_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landed(tmp_path, files=1)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert visit_files(tmp_path) == live(tmp_path, "events"), "a single small file is soon merged"
    monkeypatch.setattr(compaction, "SMALL_BYTES", 10)
    compact(tmp_path, ("events",), grace=NO_GRACE)
    assert visit_files(tmp_path) == [visits_of(file) for file in live(tmp_path, "events")]
    assert names(tmp_path) == kept(tmp_path)
    assert visited(tmp_path) == 4


def test_visits_that_lost_an_event_are_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landed(tmp_path)
    monkeypatch.setattr(visits, "count_rows", lambda *_: 13)
    (done,) = compact(tmp_path, ("events",), grace=NO_GRACE)
    assert len(done.problems) == 2 and "13 events became 12" in done.problems[0]
    assert names(tmp_path) == sorted(path.name for path in live(tmp_path, "events"))
    assert visited(tmp_path) == 24


def test_visits_are_in_utc_wherever_they_were_made_and_of_files_without_a_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    (file,) = land(tmp_path, "events", [event()])
    rows = pq.read_table(file).drop_columns(["campaign_id"])
    naive = rows["occurred_at"].cast(pa.timestamp("ms"))
    pq.write_table(rows.set_column(rows.column_names.index("occurred_at"), "occurred_at", naive), file)
    file.rename(file.with_name("compacted-by-an-older-checkout.parquet"))
    compact(tmp_path, ("events",), grace=NO_GRACE)
    (found,) = visit_files(tmp_path)
    assert pq.read_table(found)["started_at"].to_pylist() == [START]
    assert [row["started_at"] for row in warehouse.query("FROM sessions", tmp_path)] == [START]


def test_no_column_of_an_event_is_taken_for_one_of_its_visit() -> None:
    assert not set(VISIT) & set(TABLES["events"].columns)
