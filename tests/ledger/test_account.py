"""The ledger names each message that is missing, doubled or where it must not be, and no other."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import CannotRun
from ledger import Asked, account
from tests.ledger.plants import Run, found, message_id, told
from tests.warehouse.landing import START


def test_what_is_where_it_belongs_gives_no_finding(run: Run) -> None:
    done = told(run.write())
    assert found(done) == []
    assert done.whole
    assert {name: count for name, count in done.events.items() if count} == {
        "published": 10,
        "landed": 8,
        "of_no_step": 8,
        "dead_lettered": 1,
        "duplicates_dropped": 1,
    }
    assert done.dead_letters == [{"field": "quantity", "messages": 1, "for_example": "quantity is 0; the least is 1"}]
    assert done.duplicates == [{"message_id": "1:9:0:0", "event_id": "event-0", "of_message_id": "1:0:0:0"}]


def test_a_loss_is_named_with_its_publisher_s_books(run: Run) -> None:
    run.publish(20)
    done = told(run.write())
    (finding,) = done.findings
    assert (finding.kind, finding.id) == ("lost", "event-20")
    assert finding.what.startswith(
        "last seen by its publisher: cart_viewed of anna, acknowledged as 1:20:0:0 in persist"
    )
    assert done.events["lost"] == 1
    assert not done.whole


def test_a_loss_that_a_job_has_read_is_named_with_the_job(run: Run) -> None:
    run.publish(20)
    run.coupon("c1", cause_event_id="event-20", read_at=START)
    run.publish(21)
    run.add("late_events", 21)
    done = told(run.write())
    assert [finding.what.split(":")[0] for finding in done.findings] == [
        "read by the coupons job at 2026-11-11 00",
        "read by the conversion job at 2026-11-11 00",
    ]
    assert found(done) == [("lost", "event-20"), ("lost", "event-21")]


def test_a_lost_message_without_an_event_is_named_by_its_message(run: Run) -> None:
    run.publish(20, expected="dead_letter", event_id=None)
    assert found(told(run.write())) == [("lost", message_id(20))]


def test_a_duplicate_that_is_nowhere_is_lost(run: Run) -> None:
    run.publish(20, expected="duplicate", event_id="event-3")
    assert found(told(run.write())) == [("lost", "event-3")]


@pytest.mark.parametrize("message", [3, 30])
def test_an_event_that_landed_twice_is_named_with_both_files(run: Run, message: int) -> None:
    run.add("events", 3, message_id=message_id(message), part="part-1")
    if message == 30:
        run.publish(30, expected="duplicate", event_id="event-3")
    done = told(run.write())
    (finding,) = done.findings
    assert (finding.kind, finding.id) == ("doubled", "event-3")
    assert "part-0.parquet" in finding.what and "part-1.parquet" in finding.what
    assert finding.what.startswith("landed 2 times: message 1:3:0:0 in ")
    assert done.events["duplicates_landed"] == 1


def test_an_event_that_landed_twice_in_one_file_is_found(run: Run) -> None:
    run.add("events", 3)
    assert found(told(run.write())) == [("doubled", "event-3")]


def test_a_dead_letter_that_was_to_land_is_named_with_its_reason(run: Run) -> None:
    run.publish(20)
    run.add("dead_letters", 20)
    done = told(run.write())
    assert found(done) == [("unexplained_dead_letter", "event-20")]
    assert done.findings[0].what == "message 1:20:0:0 was to land, and is a dead letter: quantity is 0; the least is 1"


def test_a_message_that_was_to_be_a_dead_letter_and_landed_is_named(run: Run) -> None:
    run.publish(20, expected="dead_letter")
    run.add("events", 20)
    assert found(told(run.write())) == [("missing_dead_letter", "event-20")]


def test_a_duplicate_of_nothing_that_landed_is_named(run: Run) -> None:
    run.publish(20)
    run.add("duplicates", 20)
    assert found(told(run.write())) == [("orphan_duplicate", "event-20")]


def test_a_message_in_two_tables_is_named(run: Run) -> None:
    run.add("dead_letters", 3)
    assert found(told(run.write())) == [("in_two_tables", "event-3")]


def test_late_ones_are_landed_and_late(run: Run) -> None:
    run.add("late_events", 2)
    done = told(run.write())
    assert found(done) == []
    assert (done.events["landed"], done.events["late"], done.events["of_no_step"]) == (8, 1, 7)


def test_a_step_is_counted_where_the_window_s_figures_are_those_of_the_events(run: Run) -> None:
    for number, shopper in ((20, "anna"), (21, "ben"), (40, "anna")):
        run.publish(number)
        run.add("events", number, event_type="product_viewed", shopper_id=shopper)
    windows = [START + timedelta(seconds=20), START + timedelta(seconds=40)]
    figures = {"window_kind": "tumble_10s", "dimension": "all", "value": "all", "computed_at": START}
    none = {"adders": 0, "checkouts": 0, "buyers": 0, "orders": 0, "revenue_minor": 0}
    run.tables["conversion"] = [
        figures | none | {"window_start": windows[0], "viewers": 2},
        figures | none | {"window_start": windows[1], "viewers": 2},
    ]
    done = told(run.write())
    assert (done.events["counted"], done.events["uncounted"]) == (2, 1)
    assert found(done) == [("uncounted", "2026-11-11 00:00:40+00")]
    assert "{'viewers': 1," in done.findings[0].what and "conversion has {'viewers': 2," in done.findings[0].what
    assert found(told(run, settled=False)) == [], "a window may still be open"


def test_a_window_without_a_figure_is_named(run: Run) -> None:
    run.publish(20)
    run.add("events", 20, event_type="product_viewed")
    done = told(run.write())
    assert found(done) == [("uncounted", "2026-11-11 00:00:20+00")]
    assert done.findings[0].what.endswith("conversion has no figure")


def test_what_is_young_is_pending_unless_all_is_settled(run: Run) -> None:
    now = datetime.now(UTC)
    run.publish(20, published_at=now)
    run.publish(21, published_at=now - timedelta(minutes=2))
    done = told(run.write(), settled=False)
    assert (done.events["pending"], done.events["lost"]) == (1, 1)
    assert found(done) == [("lost", "event-21")]
    assert found(told(run)) == [("lost", "event-20"), ("lost", "event-21")]


@pytest.mark.parametrize(("entry", "kind"), [(19, []), (20, [("lost", "event-20")])])
def test_what_the_landing_job_has_not_got_to_is_pending_however_old(
    run: Run, entry: int, kind: list[tuple[str, str]]
) -> None:
    run.publish(20)
    assert found(told(run.write(), settled=False, positions={1: (1, entry), 9: (9, 9)})) == kind


def test_a_duplicate_whose_event_is_pending_is_no_orphan(run: Run) -> None:
    run.publish(20, published_at=datetime.now(UTC))
    run.publish(21, expected="duplicate", event_id="event-20")
    run.add("duplicates", 21, event_id="event-20")
    assert found(told(run.write(), settled=False)) == []
    assert found(told(run)) == [("lost", "event-20"), ("orphan_duplicate", "event-20")]


def test_a_range_takes_its_first_instant_and_leaves_its_last(run: Run) -> None:
    for number in (100, 101, 102, 103):
        run.publish(number)
    since, until = START + timedelta(seconds=101), START + timedelta(seconds=103)
    done = told(run.write(), since=since, until=until)
    assert found(done) == [("lost", "event-101"), ("lost", "event-102")]
    assert done.events["published"] == 2


def test_what_nobody_published_is_counted_where_it_lies_in_the_range(run: Run) -> None:
    for number in (5, 500):
        run.add("events", number, event_id=f"foreign-{number}", message_id=f"7:{number}:0:0")
    done = told(run.write())
    assert (done.events["foreign_messages"], done.events["published"]) == (1, 10)
    assert found(done) == []
    far = told(run, since=START, until=START + timedelta(seconds=501))
    assert far.events["foreign_messages"] == 2


def test_what_was_published_without_an_answer_is_neither_lost_nor_foreign(run: Run) -> None:
    run.publish(5, acknowledged=False, event_id="unsure-5")
    run.publish(6, acknowledged=False, event_id="unsure-6")
    run.add("events", 5, event_id="unsure-5", message_id="7:5:0:0")
    done = told(run.write())
    assert found(done) == []
    assert (done.events["unacknowledged"], done.events["unacknowledged_landed"]) == (2, 1)
    assert done.events["foreign_messages"] == 0


def test_several_ledgers_are_one(run: Run, tmp_path: Path) -> None:
    other = Run(tmp_path / "other")
    other.publish(50)
    other.publish(51)
    other.write()
    run.add("events", 50)
    done = account(Asked((run.write().ledger, other.ledger), settled=True), run.warehouse)
    assert found(done) == [("lost", "event-51")]
    assert done.events["published"] == 12


def test_a_ledger_named_twice_is_taken_once_and_a_copy_is_refused(run: Run, tmp_path: Path) -> None:
    run.write()
    assert account(Asked((run.ledger, run.ledger), settled=True), run.warehouse).events["published"] == 10
    run.folder = tmp_path / "copy"
    run.write()
    with pytest.raises(CannotRun, match="10 messages are in the books twice; name each publisher's ledger once"):
        account(Asked((tmp_path / "ledger", run.ledger), settled=True), run.warehouse)


def test_in_an_empty_warehouse_everything_is_lost(run: Run, tmp_path: Path) -> None:
    done = account(Asked((run.write().ledger,), settled=True), tmp_path / "nowhere")
    assert len(done.findings) == done.events["lost"] == 10


def test_an_empty_ledger_has_nothing_to_lose(tmp_path: Path) -> None:
    done = told(Run(tmp_path).write())
    assert (done.events["published"], done.findings) == (0, [])


def test_a_ledger_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="nowhere is not there; name a folder"):
        account(Asked((tmp_path / "nowhere",)), tmp_path)
    with pytest.raises(CannotRun, match=r"no \*\.parquet in"):
        account(Asked((tmp_path,)), tmp_path)


FATES = (
    "landed",
    "late",
    "dead",
    "duplicate",
    "lost",
    "doubled",
    "doubled_message",
    "unexplained",
    "missing_dead",
    "orphan",
    "lost_duplicate",
    "two_tables",
    "foreign",
)


def plant(run: Run, number: int, fate: str) -> list[tuple[str, str]]:
    """Books and rows of a message, and what must be found of it; other messages of its event are 1000 on."""
    name, again = f"event-{number}", number + 1000
    if fate == "foreign":
        run.add("events", number, event_id=f"foreign-{number}")
        return []
    run.publish(number, expected={"dead": "dead_letter", "missing_dead": "dead_letter"}.get(fate, "landed"))
    if fate not in ("dead", "lost", "unexplained", "orphan"):
        run.add("events", number)
    match fate:
        case "late":
            run.add("late_events", number)
        case "dead" | "two_tables" | "unexplained":
            run.add("dead_letters", number)
        case "duplicate" | "lost_duplicate" | "doubled_message":
            run.publish(again, expected="duplicate", event_id=name)
        case "doubled":
            run.add("events", number, part="part-1")
        case "orphan":
            run.add("duplicates", number)
    if fate == "duplicate":
        run.add("duplicates", again, event_id=name)
    if fate == "doubled_message":
        run.add("events", again, event_id=name)
    kind = {
        "lost": "lost",
        "lost_duplicate": "lost",
        "doubled": "doubled",
        "doubled_message": "doubled",
        "unexplained": "unexplained_dead_letter",
        "missing_dead": "missing_dead_letter",
        "orphan": "orphan_duplicate",
        "two_tables": "in_two_tables",
    }.get(fate)
    return [(kind, name)] if kind else []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(FATES), min_size=1, max_size=40))
def test_whatever_is_planted_is_found_and_nothing_is_invented(fates: list[str]) -> None:
    with TemporaryDirectory() as name:
        run = Run(Path(name))
        planted = sorted(finding for number, fate in enumerate(fates) for finding in plant(run, number, fate))
        done = told(run.write())
    assert found(done) == planted
    events = done.events
    fates_of_all = ("landed", "dead_lettered", "duplicates_dropped", "pending", "lost")
    assert events["published"] == sum(events[fate] for fate in fates_of_all)
    assert events["landed"] == sum(events[what] for what in ("counted", "late", "of_no_step", "uncounted"))
    assert events["published"] == len(run.books)
