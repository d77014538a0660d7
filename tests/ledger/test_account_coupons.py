"""The ledger names each coupon that is missing or was acted on twice, and no other."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import ProblemFound
from ledger import Asked, account
from tests.ledger.plants import Run, found, milliseconds, told
from tests.warehouse.landing import START


def test_a_coupon_is_decided_sent_and_received(run: Run) -> None:
    run.coupon("c1")
    run.coupon("c2")
    run.coupon("c2", decided_at=START + timedelta(seconds=9))
    for name in ("c1", "c2"):
        run.receive(name)
    run.receive("c2", repeat=True)
    done = told(run.write())
    assert found(done) == []
    assert done.coupons == {
        "decided": 2,
        "decided_again": 1,
        "sent": 2,
        "received": 2,
        "repeats_dropped": 1,
        "received_again": 0,
        "not_received": 0,
        "received_not_landed": 0,
    }


def test_a_coupon_that_was_acted_on_twice_never_received_or_never_landed_is_named(run: Run) -> None:
    for name in ("twice", "never", "well"):
        run.coupon(name)
    for name in ("twice", "twice", "well", "unlanded"):
        run.receive(name)
    done = told(run.write())
    assert found(done) == [("coupon_doubled", "twice"), ("coupon_lost", "never"), ("coupon_not_landed", "unlanded")]
    assert found(told(run, settled=False)) == found(done), "all of it is long ago"


def test_a_coupon_on_its_way_is_not_lost_yet(run: Run) -> None:
    now = datetime.now(UTC)
    run.coupon("c1", decided_at=now, sent_at=now)
    run.receive("c2", received_ms=milliseconds(now))
    done = told(run.write(), settled=False)
    assert found(done) == []
    assert (done.coupons["not_received"], done.coupons["received_not_landed"]) == (1, 1)
    assert len(found(told(run))) == 2


def test_each_subscriber_must_have_each_coupon(run: Run, tmp_path: Path) -> None:
    run.coupon("c1")
    run.write()
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    files[0].write_text(json.dumps({"coupon_id": "c1", "received_ms": milliseconds(START)}) + "\n", encoding="utf-8")
    files[1].write_text("", encoding="utf-8")
    done = account(Asked((run.ledger,), tuple(files), settled=True), run.warehouse)
    assert found(done) == [("coupon_lost", "c1")]
    assert done.findings[0].what.endswith(f"not received by {files[1]}")


def test_without_receipts_no_coupon_is_missed(run: Run) -> None:
    run.coupon("c1")
    assert found(told(run.write())) == []


def test_receipts_that_are_no_json_are_a_sentence(run: Run, tmp_path: Path) -> None:
    run.write()
    (tmp_path / "receipts.jsonl").write_text("coupon c1\n", encoding="utf-8")
    with pytest.raises(ProblemFound, match=r"ledger: .*receipts\.jsonl"):
        account(Asked((run.ledger,), (tmp_path / "receipts.jsonl",)), run.warehouse)


COUPON_FATES = ("well", "repeat", "doubled", "never", "unlanded", "decided_again")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(COUPON_FATES), min_size=1, max_size=30))
def test_whatever_is_planted_among_coupons_is_found_and_nothing_is_invented(fates: list[str]) -> None:
    kinds = {"doubled": "coupon_doubled", "never": "coupon_lost", "unlanded": "coupon_not_landed"}
    with TemporaryDirectory() as name:
        run = Run(Path(name))
        run.receive("always")
        run.coupon("always")
        planted = []
        for number, fate in enumerate(fates):
            coupon = f"coupon-{number}"
            if fate != "unlanded":
                run.coupon(coupon)
            if fate == "decided_again":
                run.coupon(coupon)
            if fate != "never":
                run.receive(coupon)
            if fate in ("repeat", "doubled"):
                run.receive(coupon, repeat=fate == "repeat")
            if fate in kinds:
                planted.append((kinds[fate], coupon))
        done = told(run.write())
    assert found(done) == sorted(planted)
