"""Every drill has a control that switches something off, by settings that exist."""

import pytest

from drills.catalog import DRILLS
from jobs.conversion import Conversion
from jobs.coupons import Coupons
from jobs.landing import Landing
from settings import read


@pytest.mark.parametrize("name", DRILLS)
def test_the_control_switches_something_off(name: str) -> None:
    protection = DRILLS[name].protection
    switched = [not protection.spool, not protection.inbox, not protection.state, bool(protection.off)]
    assert switched.count(True) == 1
    without = [read(job, protection.off) for job in (Coupons, Landing, Conversion)]
    assert (without != [read(job, {}) for job in (Coupons, Landing, Conversion)]) == bool(protection.off)
