"""A job carries its Python: a TaskManager imports none of it."""

import subprocess
import sys

import cloudpickle

from jobs.coupons import Coupons, Judge
from jobs.environment import carry_python

WITHOUT_JOBS = """
import sys
sys.modules["jobs"] = None
import cloudpickle
judge = cloudpickle.loads(sys.stdin.buffer.read())
print(judge.process_element.__globals__["earns_coupon"].__doc__)
"""


def test_rules_travel_with_the_job() -> None:
    carry_python()
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_JOBS],
        input=cloudpickle.dumps(Judge(Coupons().policy)),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"A claim in a shop was promised a coupon")
