"""The job's audience and the reference give one answer: this half holds the file, connector's test the other."""

from tests.campaigns import audience_cases


def test_cases_are_what_the_reference_answers() -> None:
    assert audience_cases.FILE.read_text(encoding="utf-8") == audience_cases.text()


def test_cases_have_somebody_in_and_somebody_out_of_each_audience() -> None:
    asked = audience_cases.cases()["candidates"]
    for name in audience_cases.AUDIENCES:
        within = sum(name in one["invited"] for one in asked)
        assert within == len(asked) if name == "everybody" else 0 < within < len(asked), name
