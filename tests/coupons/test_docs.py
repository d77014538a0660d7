"""The service in docs/subscribers.md runs as it stands there."""

from pathlib import Path

import pytest

from schemas.topics import COUPONS
from settings import Pulsar
from tests.coupons.messages import coupon, publish
from tests.databases import rows
from tests.pages import service
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


def test_example_records_each_coupon_once(own_topics: Pulsar, tmp_path: Path) -> None:
    given = [coupon(f"u{number}") for number in range(20)]
    publish(own_topics, given * 2, COUPONS)
    with service("subscribers.md", "sqlite:var/notices.db", own_topics, tmp_path) as url:
        eventually(lambda: len(rows(url, "SELECT * FROM notices")), 20)
    assert {coupon_id for (coupon_id,) in rows(url, "SELECT coupon_id FROM notices")} == {
        one["coupon_id"] for one in given
    }
