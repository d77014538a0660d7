"""A rule is found, travels with the job, and fails nothing but itself."""

import subprocess
import sys
from pathlib import Path

import cloudpickle
import pytest

from errors import SettingsError
from jobs.coupon_rules import Candidate
from jobs.coupons import Coupons, Judge
from jobs.environment import carry_python
from jobs.own_rules import OwnRules, Score, load, load_one, names
from model.along import scorecard
from settings import Campaigns
from settings.reader import ROOT
from tests.jobs.test_coupon_rules import CANDIDATE, NOW_MS

CHEAP = """\
from jobs.coupon_rules import Candidate

MOST_MINOR = 10_000


def score(candidate: Candidate, now_ms: int) -> float | None:
    return 1 if (candidate.price_minor or 0) <= MOST_MINOR else None
"""
# Neither the jobs nor the rules are where the job's Python runs.
ELSEWHERE = """
import sys
sys.modules["jobs"] = sys.modules["own_rules"] = None
import cloudpickle
judge, candidate, now_ms = cloudpickle.loads(sys.stdin.buffer.read())
print(judge._scores["cheap"](candidate, now_ms))
"""


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def asked(score: Score | None) -> tuple[float | None, list[str]]:
    failures: list[str] = []
    rules = OwnRules({} if score is None else {"own": score}, failures.append)
    return rules("own", CANDIDATE, NOW_MS), failures


def test_rules_are_the_files_but_for_their_tests(tmp_path: Path) -> None:
    written(tmp_path, cheap=CHEAP, test_cheap="", _shared="")
    assert names(tmp_path) == ["cheap"]
    assert load(tmp_path)["cheap"](CANDIDATE, NOW_MS) == 1
    assert load(tmp_path / "none") == {}


def test_every_rule_that_comes_along_can_be_asked_and_has_a_test() -> None:
    folder = Campaigns().rules
    assert folder == ROOT / "rules"
    assert list(load(folder)) == names(folder) != []
    assert [name for name in names(folder) if not (folder / f"test_{name}.py").exists()] == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("score = ", "SyntaxError: invalid syntax"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("def scores(candidate, now_ms): ...", r"no function score\(candidate, now_ms\): "),
        ("def score(candidate): ...", "TypeError: too many positional arguments"),
        ("score = 3", "TypeError: 3 is not a callable object"),
    ],
)
def test_file_that_is_no_rule_is_a_sentence(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=rf"broken\.py: {why}"):
        load(written(tmp_path, broken=text))


def test_rule_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"dear\.py: no such rule; there are cheap"):
        load_one(written(tmp_path, cheap=CHEAP), "dear")


def test_number_is_a_score_and_none_is_none() -> None:
    assert asked(lambda candidate, now_ms: 3) == (3.0, [])
    assert asked(lambda candidate, now_ms: now_ms / 2) == (NOW_MS / 2, [])
    assert asked(lambda candidate, now_ms: None) == (None, [])


def _divides(candidate: Candidate, now_ms: int) -> float:
    return candidate.basket_minor / 0


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (_divides, "rule own: ZeroDivisionError: division by zero"),
        (lambda candidate, now_ms: True, "rule own: it must give a number or None, got True"),
        (lambda candidate, now_ms: float("nan"), "rule own: it must give a number or None, got nan"),
        (lambda candidate, now_ms: "1", "rule own: it must give a number or None, got '1'"),
        (None, "rule own: this job has none of that name; there are none; upgrade the job"),
    ],
)
def test_rule_that_fails_lets_nobody_in_and_says_why(score: Score | None, sentence: str) -> None:
    assert asked(score) == (None, [sentence])


def test_rule_travels_with_the_job(tmp_path: Path) -> None:
    carry_python()
    judge = Judge(Coupons().policy, load(written(tmp_path, cheap=CHEAP)), scorecard())
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=cloudpickle.dumps((judge, CANDIDATE, NOW_MS)),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b"1\n"
