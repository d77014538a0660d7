"""Let in whose first order begins with something for 200 yuan or more; the dearer, the sooner the campaign is asked.

A campaign with patterns = ["nth_purchase"] names it: rule = "first_order_above" (docs/campaigns.md).
"""

from jobs.coupon_rules import Candidate

LEAST_MINOR = 20_000


def score(candidate: Candidate, now_ms: int) -> float | None:
    if candidate.nth != 1 or candidate.price_minor is None or candidate.price_minor < LEAST_MINOR:
        return None
    return candidate.price_minor / LEAST_MINOR
