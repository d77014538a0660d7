"""The service in docs/subscribers.md runs as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.topics import COUPONS
from settings import Pulsar
from settings.reader import ROOT
from tests.coupons.messages import coupon, publish
from tests.databases import rows
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


def test_example_records_each_coupon_once(own_topics: Pulsar, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "subscribers.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert "sqlite:var/notices.db" in example
    url = f"sqlite:{tmp_path}/notices.db"
    program = tmp_path / "notices.py"
    program.write_text(example.replace("sqlite:var/notices.db", url), encoding="utf-8")
    given = [coupon(f"u{number}") for number in range(20)]
    publish(own_topics, given * 2, COUPONS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HONGBAO_PULSAR_TENANT": own_topics.tenant}
    service = subprocess.Popen([sys.executable, str(program)], env=environment)
    try:
        eventually(lambda: len(rows(url, "SELECT * FROM notices")), 20)
    finally:
        service.terminate()
        assert service.wait(15) == 0
    assert {coupon_id for (coupon_id,) in rows(url, "SELECT coupon_id FROM notices")} == {
        one["coupon_id"] for one in given
    }
