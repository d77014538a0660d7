"""Decide VIPs' coupons in a job of their own: what jobs/coupons.py does, of the VIPs' topic, within the VIPs' part.

It runs in a TaskManager of its own ([stack] vip_memory_mb), so that neither the backlog of the other shoppers nor a
garbage collection or a checkpoint over their state stands before a VIP's coupon.
"""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from errors import CannotRun
from jobs import coupons, environment
from jobs.campaign_rules import VIP
from jobs.environment import JobSection
from settings import Pulsar, Stack, read
from settings.duration import Duration
from stack.cluster import VIP_POOL


class CouponsVip(JobSection):
    """How the VIPs' job runs; what it decides by is [coupons], the same for both."""

    SECTION: ClassVar[str] = "coupons_vip"

    # Its TaskManager has one slot, and VIPs are few.
    parallelism: int = Field(1, ge=1, le=1)
    buffer_timeout: Duration = Field(timedelta(milliseconds=5), ge=timedelta(milliseconds=1))
    fetch_wait: Duration = Field(timedelta(milliseconds=20), ge=timedelta(milliseconds=1))


def main() -> str:
    if not read(Stack).vip_apart:
        raise CannotRun("coupons_vip: there is no TaskManager for it; set vip_memory_mb in [stack], or leave it out")
    if not read(Pulsar).vip_topic:
        raise CannotRun("coupons_vip: nothing is sent to its topic; set vip_topic in [pulsar], for publishers too")
    runs, config = read(CouponsVip), read(coupons.Coupons)
    tables = environment.create(runs, "coupons_vip", VIP_POOL)
    config = config.model_copy(update={name: getattr(runs, name) for name in JobSection.model_fields})
    coupons.bind(tables, config, "coupons_vip", VIP)
    return environment.start(coupons.define(tables, config, VIP))


if __name__ == "__main__":
    main()
