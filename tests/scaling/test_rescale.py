"""A running job is rescaled under load, by Flink's own API, and nothing is lost or doubled."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

import schemas
import warehouse
from ingest import Publisher
from jobs.submit import submit_and_check
from scaling.autoscaler import Autoscaler
from scaling.journal import Entry, Journal
from scaling.rescale import require_adaptive, rescale, slots_of
from schemas.topics import COUPONS
from settings import Autoscale, Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack.flink_rest import FlinkRest
from stack.private import private_cluster
from stack.pulsar_admin import PulsarAdmin
from tests.jobs.test_path import click
from tests.waiting import eventually
from topics.avro import EncodedAvro
from topics.client import connect

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def coupons(lone_broker: Pulsar, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlinkRest, str]]:
    """A cluster that can rescale, beside the broker of all, and the coupons job on two slots.

    On its topic lies what is no coupon.
    """
    client = connect(lone_broker)
    client.create_producer(lone_broker.topic(COUPONS.path), schema=EncodedAvro(schemas.load(COUPONS.record))).send(b"?")
    client.close()
    warehouse_folder = tmp_path_factory.mktemp("warehouse")
    ours = {"HONGBAO_STACK_SCHEDULER": "adaptive", "HONGBAO_WAREHOUSE_FOLDER": str(warehouse_folder)}
    with private_cluster(ROOT / "var" / "tests-adaptive", ours), FlinkRest(read(Flink).rest_url) as rest:
        (job,) = submit_and_check(["coupons"])
        yield rest, job.job_id
        rest.cancel_and_wait(job.job_id)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is remembered which vertices must stay alone."""
    return tmp_path_factory.mktemp("autoscale")


@contextmanager
def scanners(broker: Pulsar) -> Iterator[list[str]]:
    """Let a shopper scan a code every 20 ms for as long as the block runs; who did."""
    scanned: list[str] = []
    done = threading.Event()

    def publish() -> None:
        with Publisher(broker, send_timeout_s=120) as clicks:
            while not done.wait(0.02):
                who = f"rescaled-{len(scanned)}"
                clicks.publish(click(who, "qr_scanned", store_id="s1", product_id=None, price_minor=None))
                scanned.append(who)

    publishing = threading.Thread(target=publish)
    publishing.start()
    try:
        yield scanned
    finally:
        done.set()
        publishing.join()


def given() -> list[str]:
    """Who got a coupon, again for each that landed."""
    query = "SELECT shopper_id FROM coupons WHERE starts_with(shopper_id, 'rescaled-')"
    return sorted(row["shopper_id"] for row in warehouse.query(query))


def more_than(count: int) -> bool:
    return len(given()) > count


def widths(rest: FlinkRest, job_id: str) -> dict[str, int]:
    return {one["name"]: int(one["parallelism"]) for one in rest.call("GET", f"/jobs/{job_id}")["vertices"]}


def test_what_is_no_coupon_does_not_stop_the_job_that_reads_coupons_back(coupons: tuple[FlinkRest, str]) -> None:
    rest, job_id = coupons
    assert rest.state(job_id) == "RUNNING"
    log = (read(Stack).folder / "log" / "taskmanager-1.log").read_text(errors="replace")
    assert "not a coupon_trigger in Avro" in log
    assert "passed over while reading back" in log


def test_job_is_rescaled_under_load_and_every_scan_has_its_coupon_once(
    lone_broker: Pulsar, coupons: tuple[FlinkRest, str], folder: Path
) -> None:
    rest, job_id = coupons
    require_adaptive(rest)
    submitted = widths(rest, job_id)
    with scanners(lone_broker) as scanned:
        for slots in (1, 2, 1):
            before = len(given())
            done = rescale(rest, job_id, slots, folder)
            assert (done.slots, slots_of(rest, job_id)) == (slots, slots)
            assert done.downtime_s > 0
            # Who must stay alone, such as governance, does; who may not is as wide as asked for.
            assert widths(rest, job_id) == {name: min(slots, width) for name, width in submitted.items()}
            eventually(partial(more_than, before + 50), True, 120)
    eventually(given, sorted(scanned), 120)
    assert 1 in submitted.values()


def test_autoscaler_takes_a_slot_back_and_writes_down_why(
    lone_broker: Pulsar, coupons: tuple[FlinkRest, str], folder: Path
) -> None:
    rest, job_id = coupons
    rescale(rest, job_id, 2, folder)
    settings = Autoscale(jobs=("coupons",), up_cooldown=timedelta(0), down_cooldown=timedelta(0))
    journal = Journal(folder)
    with PulsarAdmin(lone_broker.admin_url) as admin:

        def decided(dry_run: bool) -> Entry:
            scaler = Autoscaler(settings, lone_broker, admin, rest, journal, dry_run=dry_run)
            assert scaler.look(1_799_020_800.0) == []
            (entry,) = scaler.look(1_799_020_810.0)
            return entry

        # The last scans are acknowledged with a checkpoint; until then they count as waiting.
        eventually(lambda: decided(dry_run=True).action, "down")
        assert slots_of(rest, job_id) == 2
        entry = decided(dry_run=False)
    assert (entry.job, entry.target_slots, entry.rescaled) == ("coupons", 1, True)
    assert "need 1 slot" in entry.reasons[0]
    assert slots_of(rest, job_id) == 1
    assert list(journal.last_rescales()) == ["coupons"]
    assert 'hongbao_autoscale_target_slots{job="coupons"} 1' in (folder / "autoscale.prom").read_text()
