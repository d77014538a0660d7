"""Segments are read as they are meant, what is wrong is a sentence a key, and campaigns carry their bounds."""

import json
from pathlib import Path
from typing import get_args

import pytest

from campaigns import file
from campaigns.definition import Feature
from campaigns.file import read_file
from campaigns.folder import read_folder
from campaigns.segments import FILE, FileSegment, read_segments
from campaigns.store import read_definition
from settings.reader import ROOT
from tests.campaigns.files import DAY_MS, campaign
from tests.campaigns.test_file import LEAST
from tests.warehouse import feature_cases

WHOLE = """\
[lapsed]
description = "for people"
since_order = { at_least = "60 d", at_most = "400 d" }
orders = { at_least = 1 }

[newcomers]
orders = { at_most = 0 }
"""
LAPSED = {
    "since_order_ms": {"at_least": 60 * DAY_MS, "at_most": 400 * DAY_MS},
    "orders": {"at_least": 1, "at_most": None},
}
NEWCOMERS = {"orders": {"at_least": None, "at_most": 0}}


def folder(tmp_path: Path, segments: str = WHOLE, named: str = '["lapsed"]') -> Path:
    """A folder with a campaign that names segments."""
    (tmp_path / FILE).write_text(segments, encoding="utf-8")
    toml = f"{LEAST}\n[audience]\nsegments = {named}\n"
    (tmp_path / "sale.toml").write_text(toml, encoding="utf-8")
    return tmp_path


def faults(of: Path) -> list[str]:
    """Every fault, without the folder's name."""
    return [sentence.removeprefix(f"{of}/") for sentence in read_folder(of)[1]]


def test_definition_carries_the_bounds_of_the_segments_it_names(tmp_path: Path) -> None:
    campaigns, found = read_folder(folder(tmp_path))
    assert (found, list(campaigns)) == ([], ["sale"])
    sale = campaigns["sale"]
    assert json.loads(sale.text)["audience"]["segments"] == {"lapsed": LAPSED}
    assert type(sale).parse(sale.text) == sale
    both, _ = read_folder(folder(tmp_path, named='["newcomers", "lapsed"]'))
    assert json.loads(both["sale"].text)["audience"]["segments"] == {"lapsed": LAPSED, "newcomers": NEWCOMERS}
    other_way, _ = read_folder(folder(tmp_path, named='["lapsed", "newcomers"]'))
    assert (other_way["sale"], other_way["sale"].text) == (both["sale"], both["sale"].text)


def test_definition_of_before_there_were_segments_is_the_same_campaign() -> None:
    plain = json.loads(campaign().text)
    del plain["audience"]["segments"]
    assert read_definition("sale", json.dumps(plain)) == (campaign(), None)


def test_every_feature_that_is_kept_can_be_bounded() -> None:
    kept = list(feature_cases.NAMES)
    assert list(get_args(Feature)) == kept
    written = [name.removesuffix("_ms") for name in kept]
    assert list(FileSegment.model_fields) == ["description", *written]
    for name in written:
        bounds = FileSegment.model_validate({name: {"at_most": "1 d" if name == "since_order" else 1}}).segment
        assert list(bounds) == [kept[written.index(name)]]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "since_order =",
            "since_oder =",
            "segments.toml: lapsed.since_oder: no such key; did you mean 'since_order'?",
        ),
        (
            "orders = { at_least = 1 }",
            "visits = { at_least = 1 }",
            "segments.toml: lapsed.visits: no such key; there are description, events, since_order, orders, lines, "
            "coupon_lines, pieces, spent_minor, looks, looked_minor, adds, newest_categories, of_category",
        ),
        (
            "orders = { at_least = 1 }",
            "orders = { at_leest = 1 }",
            "segments.toml: lapsed.orders.at_leest: no such key; did you mean 'at_least'?",
        ),
        (
            "orders = { at_least = 1 }",
            "orders = {}",
            "segments.toml: lapsed.orders: at_least, at_most or both, got {}",
        ),
        (
            "orders = { at_least = 1 }",
            "orders = 1",
            "segments.toml: lapsed.orders: a table such as { at_least = 1 }, got 1",
        ),
        (
            "orders = { at_least = 1 }",
            "orders = { at_least = 2, at_most = 1 }",
            "segments.toml: lapsed.orders: at_least must not be above at_most, got {'at_least': 2, 'at_most': 1}",
        ),
        (
            '"400 d"',
            '"59 d"',
            "segments.toml: lapsed.since_order: at_least must not be above at_most, "
            "got {'at_least': '60 d', 'at_most': '59 d'}",
        ),
        (
            '"60 d"',
            "60",
            "segments.toml: lapsed.since_order.at_least: a duration is a whole number and one of ms, s, min, h, d, "
            "such as '15 min', got 60",
        ),
        (
            "orders = { at_least = 1 }",
            "orders = { at_least = -1 }",
            "segments.toml: lapsed.orders.at_least: Input should be greater than or equal to 0, got -1",
        ),
        (
            'since_order = { at_least = "60 d", at_most = "400 d" }\norders = { at_least = 1 }\n',
            "",
            "segments.toml: lapsed: a bound on at least one feature, such as orders = { at_least = 1 }, "
            "got {'description': 'for people'}",
        ),
    ],
)
def test_wrong_key_is_one_sentence_and_one_at_each_campaign_that_names_its_segment(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    assert old in WHOLE
    found = faults(folder(tmp_path, WHOLE.replace(old, new)))
    named = "sale.toml: audience.segments.1: a segment that segments.toml has right, got 'lapsed'"
    assert found == [sentence, named]
    assert faults(folder(tmp_path, WHOLE.replace(old, new), '["newcomers"]')) == [sentence]


def test_name_that_is_none_and_what_is_no_table_are_told(tmp_path: Path) -> None:
    found = faults(folder(tmp_path, f"newcomer = 1\n{WHOLE}\n[Lapsed]\norders = {{ at_least = 1 }}\n"))
    assert found == [
        "segments.toml: newcomer: a table such as [newcomer], got 1",
        "segments.toml: Lapsed: String should match pattern '^[a-z0-9-]{1,64}$', got 'Lapsed'",
    ]


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ('["lapsd"]', "audience.segments.1: a segment of segments.toml: lapsed, got 'lapsd'"),
        ('["lapsed", "x"]', "audience.segments.2: a segment of segments.toml: lapsed, newcomers, got 'x'"),
        ("[]", "audience.segments: at least one, got []"),
        ('"lapsed"', "audience.segments: Input should be a valid tuple, got 'lapsed'"),
    ],
)
def test_segment_that_is_not_there_is_told_with_those_that_are(tmp_path: Path, named: str, sentence: str) -> None:
    assert faults(folder(tmp_path, named=named)) == [f"sale.toml: {sentence}"]


def test_folder_without_the_file_has_no_segments(tmp_path: Path) -> None:
    (folder(tmp_path) / FILE).unlink()
    assert faults(tmp_path) == [
        "sale.toml: audience.segments.1: a segment of segments.toml: there is none, got 'lapsed'"
    ]


def test_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    assert faults(folder(tmp_path, "[lapsed"))[0].startswith("segments.toml: not TOML: ")


def test_pattern_without_features_is_refused_with_a_segment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns = tmp_path / "patterns"
    patterns.mkdir()
    without = "-- FEATURES(shopper, category)\nSELECT 'FEATURES(' AS a, NULL AS features"
    for name in ("hesitation", "own"):
        (patterns / f"{name}.sql").write_text(without, encoding="utf-8")
    monkeypatch.setattr(file, "PATTERNS", patterns)
    of = folder(tmp_path)
    toml = (of / "sale.toml").read_text(encoding="utf-8")
    (of / "sale.toml").write_text(toml.replace('["hesitation"]', '["hesitation", "own"]'), encoding="utf-8")
    assert faults(of) == [
        "sale.toml: audience.segments: nobody of hesitation, own is in one; give FEATURES(shopper, category) in "
        f"{patterns} or leave it out, got ['lapsed']"
    ]
    (of / "sale.toml").write_text(LEAST, encoding="utf-8")
    assert faults(of) == []
    (patterns / "hesitation.sql").write_text("SELECT features (shopper, NULL) AS features")
    assert faults(folder(tmp_path)) == []


@pytest.mark.parametrize(
    ("segments", "problem"),
    [
        ("{}", "audience.segments: Dictionary should have at least 1 item after validation, not 0, got {}"),
        ('{"a": {}}', "audience.segments.a: Dictionary should have at least 1 item after validation, not 0, got {}"),
        ('{"a": {"orders": {}}}', "audience.segments.a.orders: Value error, at_least, at_most or both, got {}"),
    ],
)
def test_segment_on_the_topic_that_says_nothing_is_told(segments: str, problem: str) -> None:
    definition = campaign().text.replace('"segments":null', f'"segments":{segments}')
    assert read_definition("sale", definition) == (None, problem)


def test_example_in_the_docs_is_valid(tmp_path: Path) -> None:
    section = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8").partition("## Segments")[2]
    example = section.partition("```toml\n")[2].partition("```")[0]
    campaigns, found = read_folder(folder(tmp_path, example, '["lapsed", "newcomers"]'))
    assert (found, list(campaigns)) == ([], ["sale"])


def test_segments_that_come_along_are_valid_and_one_campaign_names_some() -> None:
    segments, found = read_segments(ROOT / "campaigns" / FILE)
    assert (list(segments), found) == (["big-spenders", "lapsed", "newcomers", "keen"], [])
    campaign, _ = read_file(ROOT / "campaigns" / "new-year-tea-gift.toml", segments)
    assert campaign is not None
    assert campaign.audience.segments == {name: segments[name] for name in ("big-spenders", "keen")}
