"""The contracts of this checkout break nobody, and where the registry sees it otherwise it is told."""

import schemas
from schemas.changes import Finding
from schemas.check import RELEASED, check, disagreement
from schemas.topics import CLICKS

BREAK = Finding("click_event", "version 0", "at", "new events, old readers", "…", breaks=True)
WARNING = Finding("click_event", "version 0", "at", "old events, new rules", "…", breaks=False)


def test_released_contracts_break_nobody() -> None:
    assert [finding.sentence for finding in check() if finding.breaks] == []


def test_every_contract_is_released() -> None:
    assert sorted(folder.name for folder in RELEASED.iterdir()) == schemas.names()


def test_registry_that_refuses_what_we_would_take_is_a_problem() -> None:
    (finding,) = disagreement(schemas.load("click_event"), CLICKS, [WARNING], "Unable to read schema")
    assert finding.breaks
    assert finding.sentence == (
        "click_event: the registry of events/clicks refuses this contract, though nothing here breaks: "
        "Unable to read schema"
    )


def test_registry_that_takes_what_we_refuse_is_a_warning() -> None:
    (finding,) = disagreement(schemas.load("click_event"), CLICKS, [BREAK], None)
    assert not finding.breaks
    assert "only hongbao holds it back" in finding.sentence


def test_same_verdict_needs_no_word() -> None:
    assert disagreement(schemas.load("click_event"), CLICKS, [BREAK], "Unable to read schema") == []
    assert disagreement(schemas.load("click_event"), CLICKS, [], None) == []
