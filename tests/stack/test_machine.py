"""Up and down on the real parts."""

import time

import pytest

import stack
from pressure.signal import newest
from settings import Pressure, Pulsar, Stack, read
from stack.doctor import examine
from stack.pulsar_admin import PulsarAdmin
from tests.waiting import eventually

pytestmark = pytest.mark.stack


def test_up_again_starts_nothing_twice(broker: Pulsar) -> None:
    before = stack.status()
    stack.up()
    after = stack.status()
    # Not `before.up`: after the kills of other tests a service counts as dying in a loop for a minute.
    assert before.broker_healthy
    assert all(before.pids.values())
    assert after.pids == before.pids
    assert after.pids["watcher"]


def test_up_watches_how_pressed_the_system_is(whole_stack: None) -> None:
    # The stack's own tenant; the others of this module have one of theirs.
    pulsar = read(Pulsar).model_copy(update={"tenant": Pulsar.model_fields["tenant"].default})

    def age_s() -> float:
        signal = newest(pulsar)
        return 1e9 if signal is None else signal.age_s(time.time())

    eventually(lambda: age_s() < read(Pressure).stale_after.total_seconds(), True)


def test_taskmanager_has_started_python_before_a_job_asks(whole_stack: None) -> None:
    log = read(Stack).folder / "log" / "taskmanager-1.log"
    eventually(lambda: "Python was started ahead" in log.read_text(errors="replace"), True)


def test_broker_writes_over_its_journal_and_does_not_let_it_grow(broker: Pulsar) -> None:
    journals = (read(Stack).folder / "pulsar").rglob("*.txn")
    newest = max(journals, key=lambda file: int(file.stem, 16)).stat()
    assert newest.st_size >= 64 * 1024 * 1024
    # What is sparse has fewer.
    assert newest.st_blocks * 512 >= newest.st_size


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
