"""Run one of the services beside a drill, on coupons alone: python -m drills.service FOLDER NAME.

It says when it is ready. Its database is where the settings say. What it does with clicks is shown elsewhere, and
would take cores from recovery.
"""

import sys

from coupons import Inbox, Subscriber
from schemas.topics import COUPONS
from services.run import database, module
from settings import Pulsar, Services, Subscribers, read


def subscribed(name: str) -> Subscriber:
    """The service by the settings in force; it does nothing until it runs."""
    service, config = module(name), read(Services)
    return Subscriber(
        read(Pulsar),
        topics=[COUPONS],
        subscription=name,
        inbox=Inbox(database(config, name), service.TABLES),
        handlers={"coupon_trigger": service.handlers(config)["coupon_trigger"]},
        config=read(Subscribers),
    )


if __name__ == "__main__":
    subscribed(sys.argv[2]).run(ready=lambda: print("ready", flush=True))
