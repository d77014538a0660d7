"""Each phase has its own latency, backlog, drain and checkpoints."""

from ingest.profile import Phase
from rehearsal.figures import by_phase, due_ms
from tests.rehearsal import planted

PHASES = [Phase("normal", 100, 100, 20), Phase("peak", 2_000, 2_000, 20), Phase("afterglow", 100, 100, 20)]


def test_a_coupon_counts_in_the_phase_in_which_its_event_was_due() -> None:
    # Of the first phase's last moment, received in the second.
    receipts = [planted.receipt(5, 40), planted.receipt(19.9, 300), planted.receipt(20, 70)]
    normal, peak, afterglow = by_phase(planted.run(PHASES, planted.samples([100.0] * 60), receipts))
    assert (normal["latency_ms"]["all"]["coupons"], normal["latency_ms"]["all"]["max"]) == (2, 300)
    assert (peak["latency_ms"]["all"]["coupons"], peak["latency_ms"]["all"]["p50"]) == (1, 70)
    assert afterglow["latency_ms"]["all"]["coupons"] == 0


def test_lanes_are_told_apart_where_there_are_two() -> None:
    receipts = [planted.receipt(1, 40, "vip"), planted.receipt(2, 400), planted.receipt(25, 50)]
    normal, peak, _ = by_phase(planted.run(PHASES, planted.samples([100.0] * 60), receipts))
    assert {lane: figures["p50"] for lane, figures in normal["latency_ms"].items()} == {
        "all": 40,
        "normal": 400,
        "vip": 40,
    }
    assert set(peak["latency_ms"]) == {"all"}


def test_a_timed_pattern_counts_from_the_end_of_its_wait() -> None:
    coupon = planted.receipt(0, 1_805_000)
    assert due_ms(coupon) == coupon["occurred_ms"]
    assert due_ms({**coupon, "due_ms": coupon["occurred_ms"] + 1_800_000}) == coupon["occurred_ms"] + 1_800_000


def test_a_drain_lasts_until_the_job_is_less_than_a_second_behind() -> None:
    rates = [100.0] * 20 + [2_000.0] * 20 + [100.0] * 20
    # At most 1,500 a second are read: 10,000 are left at the end of the peak, and 1,400 more go than come.
    taken = iter([100.0] * 20 + [1_500.0] * 27 + [1_500.0, 100.0] + [100.0] * 20)
    normal, peak, _ = by_phase(planted.run(PHASES, planted.samples(rates, read=lambda _: next(taken))))
    assert normal["drain_s"] == 0
    assert peak["unread"]["coupons"] == 9_000 or peak["unread"]["coupons"] > 8_000
    assert 6 <= peak["drain_s"] <= 8


def test_jobs_that_fall_further_behind_never_drain() -> None:
    slow = planted.samples([2_000.0] * 60, read=lambda rate: rate / 2)
    assert [one["drain_s"] for one in by_phase(planted.run(PHASES, slow))] == [None] * 3


def test_checkpoints_and_processes_are_those_of_the_phase() -> None:
    normal, *_ = by_phase(planted.run(PHASES, planted.samples([1_000.0] * 60, checkpoint_ms=350)))
    assert normal["checkpoints"]["coupons"] == {"count": 2, "median_ms": 350, "most_ms": 350, "most_mb": 1.0}
    assert normal["cores"]["taskmanager-1"] == {"mean": 0.15, "most": 0.15}
    assert normal["memory_mb"]["publisher"] == {"mean": 200, "most": 200}
