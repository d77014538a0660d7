"""A campaign file is read as it is meant, and what is wrong with it is told at once, a sentence a key."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaigns.file import moment_ms, read_file
from campaigns.folder import read_folder
from settings.reader import ROOT

WHOLE = """\
name = "sale"
description = "for people"
starts = 2027-02-05T00:00:00
ends = 2027-02-20T00:00:00
time_zone = "Asia/Shanghai"
patterns = ["hesitation"]
priority = 10
exclusive_group = "new-year"
lane = "vip"
valid_for = "1 d"
deadline = "10 min"
rule = "first_order_above"

[audience]
tiers = ["gold", "vip"]
categories = ["tea"]
stores = ["s1"]
least_basket_minor = 50000
nth = 3

[[offers]]
name = "ten_percent"
percent = 10
most_minor = 5000
odds = 0.5

[[offers]]
name = "points"
kind = "points"
points = 100
cost_minor = 900
tiers = ["vip"]
odds = 0.5
stock = 10

[caps]
per_shopper = 2
per_shopper_per_day = 1
per_day = 10000
cooldown = "1 h"

[budget]
currency = "CNY"
money_minor = 500000
pieces = 1000

[holdout]
share = 0.1
salt = "2027"
"""
LEAST = """\
name = "sale"
starts = 2027-02-05T00:00:00
ends = 2027-02-20T00:00:00
time_zone = "Asia/Shanghai"
patterns = ["hesitation"]
valid_for = "1 d"

[[offers]]
name = "ten_percent"
percent = 10
most_minor = 5000
"""


def faults(tmp_path: Path, toml: str, stem: str = "sale") -> list[str]:
    """Every fault of the file, without the file's name, with which each must begin."""
    path = tmp_path / f"{stem}.toml"
    path.write_text(toml, encoding="utf-8")
    campaign, found = read_file(path)
    assert (campaign is None) == bool(found)
    assert all(sentence.startswith(f"{path}: ") and "\n" not in sentence for sentence in found)
    return [sentence.removeprefix(f"{path}: ") for sentence in found]


def test_whole_file_is_one_canonical_object(tmp_path: Path) -> None:
    path = tmp_path / "sale.toml"
    path.write_text(WHOLE, encoding="utf-8")
    campaign, found = read_file(path)
    assert found == []
    assert campaign is not None
    offer = {"kind": "coupon", "percent": 0, "minor": 0, "most_minor": 0, "points": 0, "cost_minor": 0, "odds": 0.5}
    wanted = {
        "name": "sale",
        "starts_ms": int(datetime(2027, 2, 4, 16, tzinfo=UTC).timestamp() * 1000),
        "ends_ms": int(datetime(2027, 2, 19, 16, tzinfo=UTC).timestamp() * 1000),
        "time_zone": "Asia/Shanghai",
        "patterns": ["hesitation"],
        "priority": 10,
        "exclusive_group": "new-year",
        "lane": "vip",
        "valid_ms": 86_400_000,
        "deadline_ms": 600_000,
        "audience": {
            "tiers": ["gold", "vip"],
            "categories": ["tea"],
            "stores": ["s1"],
            "least_basket_minor": 50_000,
            "nth": 3,
            "segments": None,
        },
        "offers": [
            {**offer, "name": "ten_percent", "percent": 10, "most_minor": 5000, "tiers": None, "stock": None},
            {
                **offer,
                "name": "points",
                "kind": "points",
                "points": 100,
                "cost_minor": 900,
                "tiers": ["vip"],
                "stock": 10,
            },
        ],
        "caps": {"per_shopper": 2, "per_shopper_per_day": 1, "per_day": 10_000, "cooldown_ms": 3_600_000},
        "budget": {"currency": "CNY", "money_minor": 500_000, "pieces": 1000, "vip_share": 0.1},
        "holdout": {"share": 0.1, "salt": "2027"},
        "rule": "first_order_above",
        "choice": {"by": "tier", "margin_percent": 30, "explore": 0.05},
    }
    assert json.loads(campaign.text) == wanted
    assert campaign.text == json.dumps(wanted, sort_keys=True, separators=(",", ":"))
    assert type(campaign).parse(campaign.text) == campaign


def test_what_is_left_out_is_there_with_its_default(tmp_path: Path) -> None:
    path = tmp_path / "sale.toml"
    path.write_text(LEAST, encoding="utf-8")
    campaign, _ = read_file(path)
    assert campaign is not None
    said = json.loads(campaign.text)
    asked = ("tiers", "categories", "stores", "least_basket_minor", "nth", "segments")
    assert said["audience"] == dict.fromkeys(asked)
    assert said["caps"] == {"per_shopper": None, "per_shopper_per_day": None, "per_day": None, "cooldown_ms": 0}
    assert said["budget"] == {"currency": "CNY", "money_minor": None, "pieces": None, "vip_share": 0.1}
    assert said["holdout"] == {"share": 0.0, "salt": ""}
    assert (said["priority"], said["exclusive_group"], said["lane"], said["deadline_ms"]) == (0, None, "by_tier", None)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('name = "sale"', 'name = "Sale!"', "name: String should match pattern '^[a-z0-9-]{1,64}$', got 'Sale!'"),
        ('name = "sale"', 'name = "other"', "name: it must be the file's stem 'sale', got 'other'"),
        ('name = "sale"\n', "", "name: missing; give the file's stem"),
        (
            "starts = 2027-02-05T00:00:00",
            "starts = 2027-02-05T00:00:00Z",
            "starts: a local time from 2000 on without an offset, such as 2027-02-05T00:00:00, "
            "got 2027-02-05 00:00:00+00:00",
        ),
        ("ends = 2027-02-20T00:00:00", "ends = 2027-02-20", "ends: a local time from 2000 on without an offset"),
        (
            "ends = 2027-02-20T00:00:00",
            "ends = 2027-02-05T00:00:00",
            "ends: it must be after starts 2027-02-05 00:00:00, got 2027-02-05 00:00:00",
        ),
        (
            "Asia/Shanghai",
            "Asia/Shangai",
            "time_zone: an IANA time zone such as 'Asia/Shanghai', got 'Asia/Shangai'",
        ),
        ("Asia/Shanghai", "../etc", "time_zone: an IANA time zone such as"),
        ("Asia/Shanghai", "Asia", "time_zone: an IANA time zone such as"),
        (
            '["hesitation"]',
            '["hesitation", "hesitating"]',
            "patterns.2: a pattern of jobs/patterns: abandoned_cart, app_claim, basket_threshold, "
            "checkout_hesitation, hesitation, high_value_browsing, lapsed_buyer, nth_purchase, price_drop, "
            "qr_claim, got 'hesitating'",
        ),
        ('["hesitation"]', "[]", "patterns: at least one, got []"),
        ("priority = 10", "priority = 1001", "priority: Input should be less than or equal to 1000, got 1001"),
        ("priority = 10", 'priority = "10"', "priority: Input should be a valid integer, got '10'"),
        ("priority = 10", "priority = true", "priority: Input should be a valid integer, got True"),
        ('lane = "vip"', 'lane = "fast"', "lane: Input should be 'by_tier', 'vip' or 'normal', got 'fast'"),
        ('valid_for = "1 d"', 'valid_for = "1"', "valid_for: a duration is a whole number and one of ms, s, min, h, d"),
        ('valid_for = "1 d"', 'valid_for = "0 d"', "valid_for: a duration above 0, such as '10 min', got '0 d'"),
        ('deadline = "10 min"', "deadline = 10", "deadline: a duration is a whole number and one of"),
        ("priority = 10", "priorty = 10", "priorty: no such key; did you mean 'priority'?"),
        ("nth = 3", "nht = 3", "audience.nht: no such key; did you mean 'nth'?"),
        ('["gold", "vip"]', '["golden"]', "audience.tiers.1: Input should be 'none', 'silver', 'gold' or 'vip'"),
        ('categories = ["tea"]', "categories = []", "audience.categories: at least one, got []"),
        ("percent = 10", "percent = 101", "offers.ten_percent.percent: Input should be less than or equal to 100"),
        ("percent = 10\n", "percent = 0\n", "offers.ten_percent.percent: Input should be greater than or equal to 1"),
        (
            "percent = 10\n",
            "percent = 10\nminor = 5\n",
            "offers.ten_percent.percent: a coupon has exactly one of percent and minor, got percent 10 and minor 5",
        ),
        (
            "percent = 10\nmost_minor = 5000\n",
            "",
            "offers.ten_percent.percent: a coupon has exactly one of percent and minor, got percent None and",
        ),
        ("most_minor = 5000\n", "", "offers.ten_percent.most_minor: required with percent: what the discount may not"),
        ("percent = 10\n", "minor = 10\n", "offers.ten_percent.most_minor: only percent has a most_minor, got 5000"),
        ("points = 100\n", "", "offers.points.points: required with kind 'points', at least 1, got None"),
        ("points = 100\n", "points = 1\nminor = 5\n", "offers.points.minor: kind 'points' has points and cost_minor"),
        (
            'kind = "points"\npoints = 100',
            'kind = "prize"\npoints = 100',
            "offers.points.points: kind 'prize' has cost_minor alone, got 100",
        ),
        ('kind = "points"', 'kind = "gift"', "offers.points.kind: Input should be 'coupon', 'points' or 'prize'"),
        (
            'name = "points"',
            'name = "ten_percent"',
            "offers.2.name: another offer has it; rename one, got 'ten_percent'",
        ),
        ('name = "points"\n', "", "offers.2.name: missing; give it: every offer has one"),
        ("stock = 10", "stock = 0", "offers.points.stock: Input should be greater than or equal to 1, got 0"),
        ("stock = 10", "stok = 10", "offers.points.stok: no such key; did you mean 'stock'?"),
        ("odds = 0.5\n\n", "\n", "offers: odds stand in all offers or in none, got none in ten_percent"),
        ("odds = 0.5\n\n", "odds = 0.6\n\n", "offers: the odds together must be at most 1, got 1.1"),
        ("odds = 0.5\n\n", "odds = 0\n\n", "offers.ten_percent.odds: Input should be greater than 0, got 0"),
        (
            "odds = 0.5\n\n",
            "odds = nan\n\n",
            "offers.ten_percent.odds: Input should be less than or equal to 1, got nan",
        ),
        ('cooldown = "1 h"', 'cooldown = "-1 h"', "caps.cooldown: a duration is a whole number"),
        ("per_day = 10000", "per_day = 1.5", "caps.per_day: Input should be a valid integer, got 1.5"),
        (
            'currency = "CNY"',
            'currency = "yuan"',
            "budget.currency: String should match pattern '^[A-Z]{3}$', got 'yuan'",
        ),
        ("money_minor = 500000", "money_minor = -1", "budget.money_minor: Input should be greater than or equal to 1"),
        ("share = 0.1", "share = 1.0", "holdout.share: Input should be less than 1, got 1.0"),
        ('salt = "2027"\n', "", 'holdout.salt: required with share, such as "2027", got None'),
        ('salt = "2027"', 'salt = "a\\u001fb"', "holdout.salt: String should match pattern"),
        (
            "[holdout]",
            '[choice]\nby = "model"\n\n[holdout]',
            "choice.by: offers with odds are drawn; leave out the odds or the choice, got 'model'",
        ),
        (
            "[holdout]",
            "[choice]\nexplore = 0.6\n\n[holdout]",
            "choice.explore: Input should be less than or equal to 0.5",
        ),
        ("[holdout]", '[choice]\nmodel = "a"\n\n[holdout]', "choice.model: no such key; there are by, margin_percent"),
        ("[[offers]]", "[[offrs]]", "offers: missing; give at least one [[offers]]"),
        (
            'rule = "first_order_above"',
            'rule = "first_order"',
            f"rule: a rule of {ROOT / 'rules'}: first_order_above, got",
        ),
        ('rule = "first_order_above"', 'rule = "../x"', "rule: String should match pattern"),
    ],
)
def test_wrong_key_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in WHOLE
    found = faults(tmp_path, WHOLE.replace(old, new))
    assert [said for said in found if said.startswith(sentence)], found
    if "[[offrs]]" not in new:
        assert len(found) == 1


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    wrong = LEAST.replace("Shanghai", "Shangai").replace('"1 d"', '"1"').replace("percent = 10\n", "")
    found = faults(tmp_path, wrong + "[holdout]\nshare = 0.2\n[caps]\nper_dya = 1\n")
    assert [sentence.split(": ")[0] for sentence in found] == [
        "time_zone",
        "valid_for",
        "caps.per_dya",
        "offers.ten_percent.percent",
        "holdout.salt",
    ]


@pytest.mark.parametrize("offers", ["offers = 1", 'offers = "no"', "offers = [1, 2]", "offers = {name = 'a'}"])
def test_offers_that_are_none_are_a_sentence_and_no_crash(tmp_path: Path, offers: str) -> None:
    found = faults(tmp_path, f"{offers}\n{LEAST.partition('[[offers]]')[0]}")
    assert found
    assert all(sentence.startswith("offers") for sentence in found)


def test_what_is_no_toml_is_named(tmp_path: Path) -> None:
    (sentence,) = faults(tmp_path, "name = ")
    assert sentence.startswith("not TOML: ")
    (tmp_path / "latin.toml").write_bytes(b'description = "\xe9"')
    assert "not TOML: 'utf-8'" in read_file(tmp_path / "latin.toml")[1][0]


def test_folder_in_place_of_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "sale.toml").mkdir()
    assert read_file(tmp_path / "sale.toml") == (None, [f"{tmp_path}/sale.toml: cannot be read: Is a directory"])


def utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def berlin_ms(local: str) -> int:
    return moment_ms(datetime.fromisoformat(local), "Europe/Berlin")


def test_time_that_the_clock_skips_is_as_much_later_and_one_that_comes_twice_is_the_first() -> None:
    # 02:00 becomes 03:00 on 28 March 2027 in Berlin, and 03:00 becomes 02:00 on 31 October.
    assert utc(berlin_ms("2027-03-28T01:59")) == "2027-03-28T00:59:00+00:00"
    assert utc(berlin_ms("2027-03-28T02:30")) == "2027-03-28T01:30:00+00:00"
    assert utc(berlin_ms("2027-10-31T02:30")) == "2027-10-31T00:30:00+00:00"
    assert utc(berlin_ms("2027-10-31T03:00")) == "2027-10-31T02:00:00+00:00"


def test_example_files_are_valid_and_show_what_a_file_may_say() -> None:
    read, found = read_folder(ROOT / "campaigns")
    assert found == []
    campaigns = list(read.values())
    assert len(campaigns) == 6
    groups = [campaign.exclusive_group for campaign in campaigns if campaign.exclusive_group]
    assert (len(groups), len(set(groups))) == (2, 1)
    assert [one.name for one in campaigns if one.holdout.share == 0.2] == ["new-year-hesitation"]
    assert [one.name for one in campaigns if one.audience.tiers == ("vip",)] == ["new-year-vip"]
    assert [one.name for one in campaigns if one.offers[0].odds and one.offers[0].stock] == ["new-year-red-envelope"]
    assert "new-year-basket-percent" in [one.name for one in campaigns if one.budget.money_minor]
