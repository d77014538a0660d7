"""Each example, run as a foreign service would run it, prints each coupon once, whichever version wrote it."""

import copy
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import fastavro
import pytest

import schemas
from ingest import Publisher
from ingest.partitions import java_string_hash
from schemas import Contract
from schemas.topics import COUPONS
from settings import Pulsar
from settings.reader import ROOT
from stack.pulsar_admin import PulsarAdmin
from tests.waiting import eventually
from topics.avro import EncodedAvro
from topics.client import connect

# A first build in Go compiles all its client's dependencies: a minute on two cores.
pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

EXAMPLES = ROOT / "examples"
LANGUAGES = ("python", "java", "go")
# In the coupons' namespace, with its policies; the coupons of other tests do not come here.
PATH = "triggers/examples"
SHOPPER = '红包 <&> "u1"'
END_S = 60


def test_each_coupon_is_printed_once_in_order_and_acknowledged(
    example: tuple[str, list[str]], published: list[dict[str, Any]], broker: Pulsar
) -> None:
    language, command = example
    done = subprocess.run(
        [*command, "--topic", broker.topic(PATH), "--max", "3"], capture_output=True, text=True, timeout=END_S
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == published
    with PulsarAdmin(broker.admin_url) as admin:
        eventually(lambda: admin.backlog(broker.topic(PATH), f"example-{language}"), 0)


def test_ctrl_c_ends_it_without_a_word(
    example: tuple[str, list[str]], published: list[dict[str, Any]], broker: Pulsar
) -> None:
    topic, subscription = broker.topic(PATH), f"{example[0]}-interrupted"
    # Where the tests run in a script's background, Ctrl-C is ignored, and children inherit that.
    command = ["env", "--default-signal=INT", *example[1], "--topic", topic, "--subscription", subscription]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            with PulsarAdmin(broker.admin_url) as admin:
                eventually(lambda: subscription in admin.stats(topic)["subscriptions"], True)
            running.send_signal(signal.SIGINT)
            assert running.communicate(timeout=END_S) == ("", "")
        finally:
            running.kill()


def test_broker_that_is_not_there_is_said_in_one_sentence(example: tuple[str, list[str]]) -> None:
    with closing(socket.socket()) as nobody:
        # Bound, so that nobody else listens there either.
        nobody.bind(("127.0.0.1", 0))
        url = f"pulsar://127.0.0.1:{nobody.getsockname()[1]}"
        done = subprocess.run([*example[1], "--service-url", url], capture_output=True, text=True, timeout=END_S)
    assert (done.returncode, done.stdout) == (1, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"subscribe: cannot read {Pulsar().topic(COUPONS.path)} at {url}: ")
    assert sentence.endswith("; is the broker up?")


@pytest.fixture(scope="module")
def broker(lone_broker: Pulsar) -> Pulsar:
    return lone_broker


@pytest.fixture(scope="module", params=LANGUAGES)
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """Its language, and the command that starts it, built."""
    match request.param:
        case "python":
            command = [sys.executable, str(EXAMPLES / "python" / "subscribe.py")]
        case "java":
            _run(["mvn", "--quiet", "--batch-mode", "package"], EXAMPLES / "java")
            command = ["java", "-jar", str(EXAMPLES / "java" / "target" / "subscribe.jar")]
        case _:
            command = [str(_built_by_go(tmp_path_factory.mktemp("go") / "subscribe"))]
    return request.param, command


def _built_by_go(binary: Path) -> Path:
    if shutil.which("go") is None:
        pytest.skip("go is missing; install Go 1.24 or newer to test examples/go")
    modules = subprocess.run(["go", "mod", "download"], cwd=EXAMPLES / "go", capture_output=True, text=True)
    if modules.returncode != 0:
        pytest.skip(f"go cannot get the modules of examples/go: {modules.stderr.strip()}")
    # C is there for zstd, which the client also has in Go: with nothing cached a third of the time would go into it.
    _run(["go", "build", "-o", str(binary), "."], EXAMPLES / "go", {"CGO_ENABLED": "0"})
    return binary


def _run(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
    ours = {**os.environ, **(environment or {})}
    done = subprocess.run(command, cwd=folder, env=ours, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} in {folder}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def published(broker: Pulsar) -> Iterator[list[dict[str, Any]]]:
    """Three coupons of one shopper, the first of them sent twice and the second by a newer publisher."""
    older, newer = schemas.load(COUPONS.record), _newer()
    first, second, third = _coupon(), {**_coupon(), "colour": "red"}, _coupon()
    with PulsarAdmin(broker.admin_url) as admin:
        admin.call("PUT", f"/persistent/{broker.tenant}/{PATH}/partitions", COUPONS.partitions)
        for contract in (older, newer):
            body = {"type": "AVRO", "schema": contract.text, "properties": {}}
            admin.call("POST", f"/schemas/{broker.tenant}/{PATH}/schema", body)
        for language in LANGUAGES:
            admin.call("PUT", f"/persistent/{broker.tenant}/{PATH}/subscription/example-{language}", "earliest")
        with (
            Publisher(broker, topic=PATH, record=COUPONS.record) as old_publisher,
            closing(connect(broker)) as client,
        ):
            # Where the other publisher puts this shopper: order is kept within a partition.
            partition = f"{broker.topic(PATH)}-partition-{java_string_hash(SHOPPER) % COUPONS.partitions}"
            new_publisher = client.create_producer(partition, schema=EncodedAvro(newer))
            old_publisher.send(old_publisher.encode(first), SHOPPER, first)
            old_publisher.flush()
            new_publisher.send(_encoded(second, newer), partition_key=SHOPPER)
            for coupon in (first, third):
                old_publisher.send(old_publisher.encode(coupon), SHOPPER, coupon)
        try:
            yield [first, second, third]
        finally:
            admin.call("DELETE", f"/persistent/{broker.tenant}/{PATH}/partitions?force=true")


def _newer() -> Contract:
    """The contract as a later release may have it: one more field."""
    definition = copy.deepcopy(schemas.load(COUPONS.record).definition)
    definition["fields"].insert(1, {"name": "colour", "type": "string", "default": "none"})
    return Contract(COUPONS.record, definition, fastavro.parse_schema(definition))


def _encoded(coupon: dict[str, Any], contract: Contract) -> bytes:
    payload = io.BytesIO()
    fastavro.schemaless_writer(payload, contract.parsed, coupon)
    return payload.getvalue()


def _coupon() -> dict[str, Any]:
    now_ms = time.time_ns() // 1_000_000
    return {
        "coupon_id": str(uuid.uuid4()),
        "shopper_id": SHOPPER,
        "campaign_id": "sale",
        "rule": "hesitation",
        "cause_event_id": "e1",
        "offer": "ten-percent",
        "discount_percent": 10,
        "discount_minor": 0,
        "currency": "CNY",
        "product_id": "p1",
        "category": None,
        "membership_tier": "gold",
        "favourite_category": None,
        "basket_minor": 9_900,
        "lane": "vip",
        "occurred_at": now_ms - 40,
        "published_at": now_ms - 30,
        "due_at": now_ms - 30,
        "read_at": now_ms - 20,
        "decided_at": now_ms - 10,
        "sent_at": now_ms,
        "expires_at": now_ms + 600_000,
        "campaign_version": 3,
        "kind": "coupon",
        "points": 0,
        "cost_minor": 990,
        "issue_number": 17,
    }
