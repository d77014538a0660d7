"""What is killed comes back by itself, and what was going on goes on."""

import time

import pytest

import stack
import warehouse
from ingest import Publisher
from settings import Pulsar, Stack, read
from stack.flink_rest import FlinkRest
from stack.processes import Service
from tests.jobs.running import running
from tests.jobs.test_path import click
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def kill(*names: str) -> None:
    for name in names:
        process = Service(name, read(Stack).folder).process()
        assert process is not None
        process.kill()


@pytest.mark.parametrize(
    "names", [("taskmanager-1",), ("jobmanager",), ("broker",), ("broker", "zookeeper", "jobmanager", "taskmanager-1")]
)
def test_every_scan_gets_its_coupon_whatever_is_killed(broker: Pulsar, rest: FlinkRest, names: tuple[str, ...]) -> None:
    job_id = running(rest, "coupons")
    before = stack.status().restarts
    scanners = [f"{'-'.join(names)}-{number}" for number in range(300)]
    with Publisher(broker, send_timeout_s=120) as clicks:
        for number, scanner in enumerate(scanners):
            if number == 150:
                kill(*names)
            clicks.publish(click(scanner, "qr_scanned", store_id="s1"))
            if number % 10 == 0 and number < 150:
                clicks.flush()
    query = "SELECT shopper_id FROM coupons WHERE list_contains($scanners, shopper_id)"

    def coupons() -> list[str]:
        return sorted(row["shopper_id"] for row in warehouse.query(query, values={"scanners": scanners}))

    eventually(coupons, sorted(scanners), 120)
    # The broker's own health check can take longer than the coupons.
    eventually(lambda: stack.status().up, True)
    found = stack.status()
    for name in names:
        assert found.restarts[name].times == (before[name].times if name in before else 0) + 1
    assert rest.running_id("coupons") == job_id
    if "broker" in names:
        # Left to Pulsar, the old registration is sometimes deleted when the new one stands in its place.
        log = Service("broker", read(Stack).folder).log.read_text(encoding="utf-8")
        assert log.count("forgot /ledgers/available/127.0.0.1:") == found.restarts["broker"].times


@pytest.mark.parametrize("name", ["taskmanager-1", "jobmanager"])
def test_what_hangs_is_replaced_and_its_job_goes_on(broker: Pulsar, rest: FlinkRest, name: str) -> None:
    job_id = running(rest, "coupons")
    before = stack.status().restarts
    frozen = Service(name, read(Stack).folder).process()
    assert frozen is not None
    frozen.suspend()
    with Publisher(broker) as clicks:
        clicks.publish(click(f"hung-{name}", "qr_scanned", store_id="s1"))
    query = "SELECT count(*) AS coupons FROM coupons WHERE shopper_id = $shopper"
    eventually(lambda: warehouse.query(query, values={"shopper": f"hung-{name}"}), [{"coupons": 1}], 240)
    eventually(lambda: stack.status().up, True)
    assert stack.status().restarts[name].times == (before[name].times if name in before else 0) + 1
    assert Service(name, read(Stack).folder).process() not in (None, frozen)
    assert rest.running_id("coupons") == job_id
    began_ms = time.time_ns() // 1_000_000
    assert not rest.saved_since(job_id, began_ms + 60_000)
    eventually(lambda: rest.saved_since(job_id, began_ms), True)


def test_cancelled_job_does_not_come_back_with_the_next_jobmanager(broker: Pulsar, rest: FlinkRest) -> None:
    job_id = running(rest, "coupons")
    landing = running(rest, "landing")
    rest.cancel_and_wait(landing)
    # As when it is killed while it writes down how the job ended: Flink dies of reading that, again and again.
    (results,) = (read(Stack).folder / "flink" / "ha").glob("job-result-store/*")
    (results / f"{landing}_DIRTY.json").touch()
    kill("jobmanager")
    eventually(lambda: all_running(rest), ["coupons"], 120)
    assert rest.running_id("coupons") == job_id


def all_running(rest: FlinkRest) -> list[str]:
    """Names of the jobs that run, none while there is no JobManager."""
    if not rest.slots():
        return []
    return [job["job"] for job in rest.jobs() if job["state"] == "RUNNING" and job["tasks_running"] == job["tasks"]]
