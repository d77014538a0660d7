"""One real broker, and one cluster for every test that asks for it."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from settings import Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack import topics
from stack.flink_rest import FlinkRest
from stack.private import private
from tests.databases import AnyDatabase, Postgresql, PostgresqlServer, Sqlite

# Nobody waits half an hour for a basket to be abandoned in a test.
SHORTENED = {
    "HONGBAO_STACK_QUICK_START": "true",
    "HONGBAO_STACK_HUNG_AFTER": "20 s",
    # Whatever reads clicks reads both topics.
    "HONGBAO_PULSAR_VIP_TOPIC": "true",
    # Two a subtask. To make eight of each topic of clicks takes four seconds, and who reads one reads more.
    "HONGBAO_PULSAR_CLICK_PARTITIONS": "4",
    "HONGBAO_COUPONS_ABANDONED_AFTER": "3 s",
    "HONGBAO_CONVERSION_SESSION_GAP": "20 s",
    "HONGBAO_CONVERSION_QUIET_AFTER": "2 s",
    "HONGBAO_LANDING_CHECKPOINT_INTERVAL": "1 s",
    "HONGBAO_CONVERSION_CHECKPOINT_INTERVAL": "1 s",
    "HONGBAO_LANDING_RESTART_AFTER": "1 s",
    "HONGBAO_CONVERSION_RESTART_AFTER": "1 s",
    "HONGBAO_COUPONS_CHECKPOINT_INTERVAL": "1 s",
}

# No test is timed: where all run at once a simple example takes a second now and then.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# Of two threads one waits for the core that a cluster has, and the other for it: a training took twice as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the cluster: it runs beside everything else, with a broker of its own."""
    for item in items:
        if "whole_stack" in getattr(item, "fixturenames", ()):
            item.add_marker("flink")


@pytest.fixture(scope="session")
def whole_stack() -> Iterator[None]:
    """A private stack, up, with topics and schemas; HONGBAO_* points at it."""
    with private(ROOT / "var" / "tests", SHORTENED):
        yield


@pytest.fixture(scope="module")
def broker(whole_stack: None, request: pytest.FixtureRequest) -> Iterator[Pulsar]:
    """The stack's broker, with topics and a warehouse of the module's own: what other tests left is not there."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HONGBAO_PULSAR_TENANT", name)
        if partitions := getattr(request.module, "CLICK_PARTITIONS", None):
            environment.setenv("HONGBAO_PULSAR_CLICK_PARTITIONS", str(partitions))
        environment.setenv("HONGBAO_WAREHOUSE_FOLDER", str(read(Stack).folder / name))
        topics.create(read(Pulsar))
        yield read(Pulsar)


@pytest.fixture(scope="module")
def rest(broker: Pulsar) -> Iterator[FlinkRest]:
    """The cluster; what the module's tests leave running is cancelled after the last."""
    with FlinkRest(read(Flink).rest_url) as rest:
        yield rest
        for job in rest.jobs():
            rest.cancel_and_wait(job["job_id"])


@pytest.fixture(scope="session")
def lone_broker(request: pytest.FixtureRequest) -> Iterator[Pulsar]:
    """A broker with topics and schemas, without Flink unless another test of this run needs the whole stack."""
    # HONGBAO_* can point at one stack only.
    if any("whole_stack" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("whole_stack")
        yield read(Pulsar)
        return
    with private(ROOT / "var" / "tests-broker", SHORTENED, flink=False):
        yield read(Pulsar)


@pytest.fixture
def own_topics(lone_broker: Pulsar) -> Pulsar:
    """The broker under a tenant of the test's own: every topic is there, and empty."""
    return with_topics(lone_broker)


@pytest.fixture(scope="module")
def shared_topics(lone_broker: Pulsar) -> Pulsar:
    """The same for all tests of a module."""
    return with_topics(lone_broker)


def with_topics(broker: Pulsar) -> Pulsar:
    # Without a job two partitions will do.
    ours = broker.model_copy(update={"tenant": f"test-{uuid.uuid4().hex[:12]}", "click_partitions": 2})
    topics.create(ours)
    return ours


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    # Not pytest's folder, which only its user may enter: as root the server runs as another.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        Path(folder).chmod(0o755)
        place = Path(folder) / "server"
        place.mkdir()
        server = PostgresqlServer(place)
        yield server
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> AnyDatabase:
    """An empty database of each kind, so that one suite holds both to the same behaviour."""
    if request.param == "sqlite":
        return Sqlite(tmp_path)
    return Postgresql(request.getfixturevalue("postgresql_server"))
