"""Every drill has a control that switches something off, by settings that exist."""

from datetime import timedelta
from pathlib import Path

import pytest

from drills.catalog import DRILLS
from drills.run import SHORTENED
from jobs.conversion import Conversion
from jobs.coupons import Coupons
from jobs.coupons_vip import CouponsVip
from jobs.landing import Landing
from settings import Pulsar, Stack, read


@pytest.mark.parametrize("name", DRILLS)
def test_the_control_switches_something_off(name: str) -> None:
    protection = DRILLS[name].protection
    switched = [not protection.spool, not protection.inbox, not protection.state, bool(protection.off)]
    assert switched.count(True) == 1
    without = [read(job, protection.off) for job in (Coupons, Landing, Conversion)]
    assert (without != [read(job, {}) for job in (Coupons, Landing, Conversion)]) == bool(protection.off)


def test_every_job_has_a_checkpoint_to_fall_back_to_within_seconds() -> None:
    jobs = (Coupons, CouponsVip, Landing, Conversion)
    assert {read(job, SHORTENED).checkpoint_interval for job in jobs} == {timedelta(seconds=2)}


@pytest.mark.parametrize(("name", "apart"), [("envelopes-killed", False), ("vips-killed", True)])
def test_vips_are_apart_where_the_drill_is_about_them(name: str, apart: bool, tmp_path: Path) -> None:
    with DRILLS[name].place(tmp_path) as place:
        assert (read(Stack, place).vip_apart, read(Pulsar, place).vip_topic) == (apart, apart)
