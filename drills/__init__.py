"""Break the running system on purpose, and account for every event and coupon afterwards."""

from drills.catalog import DRILLS, Drill
from drills.run import run

__all__ = ["DRILLS", "Drill", "run"]
