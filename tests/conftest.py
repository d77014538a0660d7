"""One real broker and cluster for every test that asks for them."""

from collections.abc import Iterator

import pytest

from settings import Pulsar, read
from settings.reader import ROOT
from stack.private import private

# Nobody waits half an hour for a basket to be abandoned in a test.
SHORTENED = {
    "HONGBAO_STACK_QUICK_START": "true",
    "HONGBAO_COUPONS_ABANDONED_AFTER": "3 s",
    "HONGBAO_CONVERSION_SESSION_GAP": "20 s",
    "HONGBAO_CONVERSION_QUIET_AFTER": "2 s",
    "HONGBAO_LANDING_CHECKPOINT_INTERVAL": "1 s",
    "HONGBAO_CONVERSION_CHECKPOINT_INTERVAL": "1 s",
    "HONGBAO_COUPONS_CHECKPOINT_INTERVAL": "1 s",
}


@pytest.fixture(scope="session")
def broker() -> Iterator[Pulsar]:
    """A private stack, up, with topics and schemas; HONGBAO_* points at it."""
    with private(ROOT / "var" / "tests", SHORTENED):
        yield read(Pulsar)
