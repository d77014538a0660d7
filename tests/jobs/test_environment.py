"""A job carries its Python, of which a TaskManager imports none, and its contract."""

import json
import subprocess
import sys

import cloudpickle

import schemas
from jobs.coupons import Coupons, Judge
from jobs.environment import carry_python
from jobs.landing import Landing
from model.along import scorecard

WITHOUT_JOBS = """
import sys
sys.modules["jobs"] = sys.modules["model"] = None
import cloudpickle
judge = cloudpickle.loads(sys.stdin.buffer.read())
print(judge.process_element.__globals__["propose"].__doc__)
"""


def test_rules_travel_with_the_job() -> None:
    carry_python()
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_JOBS],
        input=cloudpickle.dumps(Judge(Coupons().policy, {}, scorecard())),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"A proposal for each campaign that may answer")


def test_only_without_the_bound_the_future_is_anything() -> None:
    assert "schema" not in Landing().clicks_options
    travels = json.loads(Landing(future="any").clicks_options["schema"])
    contract = schemas.load("click_event").definition
    (changed,) = [
        (before, after) for before, after in zip(contract["fields"], travels["fields"], strict=True) if before != after
    ]
    assert changed[0] == {**changed[1], "max_ahead_ms": 300_000}
    assert {**travels, "fields": None} == {**contract, "fields": None}
