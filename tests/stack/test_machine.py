"""Up and down on the real parts."""

import pytest

import stack
from settings import Pulsar
from stack.doctor import examine
from stack.pulsar_admin import PulsarAdmin

pytestmark = pytest.mark.stack


def test_up_again_starts_nothing_twice(broker: Pulsar) -> None:
    before = stack.status()
    stack.up()
    after = stack.status()
    # Not `before.up`: after the kills of other tests a service counts as dying in a loop for a minute.
    assert before.broker_healthy
    assert all(before.pids.values())
    assert after.pids == before.pids


def test_doctor_finds_a_healthy_stack_well(broker: Pulsar) -> None:
    assert [finding.sentence for finding in examine() if not finding.well] == []


def test_doctor_names_a_namespace_without_deduplication(broker: Pulsar) -> None:
    path = f"/namespaces/{broker.tenant}/results/deduplication"
    with PulsarAdmin(broker.admin_url) as admin:
        admin.call("POST", path, body=False)
        try:
            bad = [finding.what for finding in examine() if not finding.well]
        finally:
            admin.call("DELETE", path)
    assert bad == ["deduplication of results"]
