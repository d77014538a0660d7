"""A stream that turns dead stops the landing job; after the fix it goes on, and nothing was passed over."""

import pytest

import warehouse
from ingest import Delivery, Publisher
from jobs.submit import submit_and_check
from settings import Flink, Pulsar, Stack, read
from stack import machine
from stack.flink_rest import FlinkRest
from stack.processes import Service
from tests.jobs.test_path import click
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def test_dead_stream_stops_the_job_and_it_goes_on_after_the_fix(
    broker: Pulsar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONGBAO_LANDING_DEAD_SHARE_LEAST", "50")
    submit_and_check(["landing"])
    garbage: list[Delivery] = []
    with Publisher(broker) as clicks, FlinkRest(read(Flink).rest_url) as rest:
        job_id = rest.running_id("landing")
        good = {clicks.publish(click("before", session_id="dead-share")) for _ in range(20)}
        clicks.flush()
        eventually(lambda: landed(), good)
        with Publisher(broker, on_delivery=garbage.append) as broken:
            for _ in range(300):
                broken.send(b"\xff", None, None)
        good |= {clicks.publish(click("after", session_id="dead-share")) for _ in range(20)}
        clicks.flush()
        eventually(lambda: rest.state(job_id), "FAILED")
        (failed,) = [job for job in machine.status().jobs if job["job_id"] == job_id]
        assert "messages of one minute that a subtask read are no events" in failed["why"]
        assert "The newest: key is empty" in failed["why"]
        assert "--resume" in failed["why"]
        # The reason outlives the JobManager that knew it. Killed before it has cleaned up after the job, it would leave
        # the job, or its end, to the next.
        left = read(Stack).folder / "flink" / "ha"
        eventually(lambda: [*left.rglob("submittedJobGraph*"), *left.rglob("*_DIRTY.json")], [])
        service = Service("jobmanager", read(Stack).folder)
        leader = service.process()
        assert leader is not None
        leader.kill()
        eventually(lambda: service.process() in (None, leader) or machine.status().slots == 0, False)
        assert rest.state(job_id) is None
        assert [job["why"] for job in machine.status().jobs if job["job_id"] == job_id] == [failed["why"]]

        # As if what published them were mended, and these alone allowed.
        monkeypatch.setenv("HONGBAO_LANDING_MOST_DEAD_SHARE", "1")
        submit_and_check(["landing"], resume=True)
        eventually(lambda: landed(), good)
        eventually(lambda: {delivery.message_id for delivery in garbage} - dead(), set())
        assert landed() == good
        rest.cancel_and_wait(rest.running_id("landing"))


def landed() -> set[str]:
    rows = warehouse.query("SELECT event_id FROM events WHERE session_id = 'dead-share'")
    assert len(rows) == len({row["event_id"] for row in rows})
    return {row["event_id"] for row in rows}


def dead() -> set[str]:
    return {row["message_id"] for row in warehouse.query("SELECT message_id FROM dead_letters")}
