"""The page is whole by itself, the verdict first; the terminal says the same."""

import re

from ingest.profile import Phase
from rehearsal.capacity import needs
from rehearsal.intervals import SPAN, intervals
from rehearsal.report import page
from rehearsal.run import Outcome
from rehearsal.text import text
from rehearsal.verdict import judge
from tests.rehearsal import planted

PHASES = [Phase("ramp", 500, 20_000, 60), Phase("peak", 20_000, 20_000, 20)]


def outcome(phases: list[Phase] = PHASES) -> Outcome:
    sampled = planted.samples(
        [*planted.ramp(500, 20_000, 60), *[20_000.0] * 20], busy=lambda rate: min(2.0, 110e-6 * rate)
    )
    receipts = [planted.receipt(at, 40 + at, lane) for at in range(80) for lane in ("vip", "normal")]
    run = planted.run(phases, sampled, receipts)
    apart = intervals(sampled, planted.BEGUN_MS, step=SPAN)
    needed = needs(apart, 20_000)
    return Outcome(run, planted.LAYOUT, needed, judge(run, needed, planted.LAYOUT), apart)


def test_the_page_needs_nothing_else_and_says_the_verdict_first() -> None:
    written = page(outcome())
    headline = written.index("<h1>Full first: coupons, Source: clicks-source")
    assert headline < written.index("[coupons] parallelism: 3") < written.index("<table>") < written.index("<svg")
    assert written.count("<svg") == 7
    assert "$" not in written
    # Neither script, style sheet nor picture of elsewhere.
    assert not re.search(r'(src|href)="(?!#)', written)


def test_what_is_in_a_name_is_no_markup() -> None:
    assert "<b>" not in page(outcome([Phase("<b>ramp</b>", 500, 20_000, 60), PHASES[1]]))


def test_the_terminal_has_a_row_a_phase_and_lane() -> None:
    summary = {**outcome().summary(), "files": {"report": "report.html"}}
    lines = text(summary).splitlines()
    assert lines[0].startswith("Full first: coupons")
    begins = [line.split()[0] for line in lines[2:9]]
    assert begins == ["phase", "ramp", "normal", "vip", "peak", "normal", "vip"]
    assert "change: [coupons] parallelism: 3, it is 2" in lines
