"""Publishers on three versions of the contract at once, and the landing job built on the second."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

import schemas.contract
from errors import SchemaConflict
from ingest import Publisher
from schemas.registry import register_one
from schemas.topics import CLICK_TOPICS, CLICKS
from settings import Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack import cluster, machine, topics
from stack.flink_rest import FlinkRest
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

EVENTS = 300
NEW = {"type": ["null", "string"], "default": None, "doc": "New."}


def contracts() -> list[dict[str, Any]]:
    """Version 1 is today's. 2 renames campaign_id and adds points; 3 removes category, adds locale, and has shop_id
    beside store_id, the name it will have."""
    first: dict[str, Any] = schemas.contract.load("click_event").definition
    second = copy.deepcopy(first)
    campaign = next(field for field in second["fields"] if field["name"] == "campaign_id")
    campaign |= {"name": "promotion_id", "aliases": ["campaign_id"]}
    second["fields"].append({"name": "points", "type": "long", "default": 7})
    third = copy.deepcopy(second)
    third["fields"] = [field for field in third["fields"] if field["name"] != "category"]
    third["fields"] += [{"name": "locale", **NEW}, {"name": "shop_id", **NEW}]
    broken = copy.deepcopy(third)
    broken["fields"] = [field for field in third["fields"] if field["name"] != "session_id"]
    broken["fields"].append({"name": "visit_id", "type": "string", "aliases": ["session_id"]})
    return [{**definition, "version": n} for n, definition in enumerate((first, second, third, broken), 1)]


@pytest.fixture(scope="module")
def evolving(broker: Pulsar, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pulsar, Path]]:
    """A tenant of its own that starts with today's contracts, and a checkout's folder of contracts: version 2."""
    folder = tmp_path_factory.mktemp("version-2")
    for path in schemas.contract.FOLDER.glob("*.avsc"):
        (folder / path.name).write_bytes(path.read_bytes())
    for number, definition in enumerate(contracts(), 1):
        (folder / f"click_event_{number}.avsc").write_text(json.dumps(definition), encoding="utf-8")
    (folder / "click_event_2.avsc").replace(folder / "click_event.avsc")
    (folder / "click_event_2.avsc").write_bytes((folder / "click_event.avsc").read_bytes())
    (folder / "landing.sql").write_bytes((ROOT / "jobs" / "landing.sql").read_bytes())
    deliveries = (ROOT / "jobs" / "deliveries.sql").read_text(encoding="utf-8")
    deliveries = deliveries.replace("campaign_id", "promotion_id").replace(
        "source, properties,", "source, properties, points,"
    )
    (folder / "deliveries.sql").write_text(deliveries, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HONGBAO_PULSAR_TENANT", "evolving")
        patch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(folder / "warehouse"))
        pulsar = read(Pulsar)
        topics.create(pulsar)
        patch.setattr(schemas.contract, "FOLDER", folder)
        yield pulsar, folder


@pytest.fixture(scope="module")
def landed(evolving: tuple[Pulsar, Path]) -> Iterator[Path]:
    """The landing job by version 2 runs; the folder where it lands."""
    folder = evolving[1]
    done = subprocess.run(
        [sys.executable, "-m", "tests.schemas.landing_by", str(folder)],
        cwd=ROOT,
        env={**os.environ, **cluster.client_environment(read(Stack)), **machine.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with FlinkRest(read(Flink).rest_url) as rest:
        try:
            yield folder / "warehouse"
        finally:
            rest.cancel(done.stdout.split()[-1])


def publish(broker: Pulsar, version: int) -> None:
    with Publisher(broker, record=f"click_event_{version}") as clicks:
        for number in range(EVENTS):
            clicks.publish(
                {
                    "event_type": "product_viewed",
                    # The three meet in every shopper's partition.
                    "user_id": f"user-{number % 40}",
                    "session_id": f"visit-{version}-{number}",
                    "product_id": "p1",
                    "category": "tea",
                    "price_minor": 9_900,
                    "store_id": f"store-{number % 5}",
                    "campaign_id" if version == 1 else "promotion_id": "ny",
                    "points": 40,
                    "locale": "zh",
                    "shop_id": f"store-{number % 5}",
                    "occurred_at": datetime.now(UTC),
                }
            )


def rows(folder: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    if not list((folder / table).rglob("part-*.parquet")):
        return []
    files = str(folder / table / "**" / "part-*.parquet")
    return duckdb.execute(
        f"SELECT {columns} FROM read_parquet($files) GROUP BY ALL ORDER BY ALL", {"files": files}
    ).fetchall()


def test_change_that_breaks_is_refused_with_field_and_direction(evolving: tuple[Pulsar, Path]) -> None:
    broker, _ = evolving
    versions = [register_one(broker, CLICKS, schemas.load(f"click_event_{n}")).version for n in (1, 2, 3)]
    assert versions == [0, 1, 2]
    with pytest.raises(SchemaConflict) as refused:
        register_one(broker, CLICKS, schemas.load("click_event_4"))
    assert str(refused.value) == (
        "events/clicks: click_event_4.avsc is refused: click_event_4.session_id is gone: it breaks who still reads by "
        "version 0 in the registry of events/clicks; keep it: it had no default (new events, old readers)"
    )
    with pytest.raises(SchemaConflict, match="the registry does not have this publisher's schema"):
        Publisher(broker, record="click_event_4")


def test_three_versions_at_once_land_in_the_columns_of_the_second(evolving: tuple[Pulsar, Path], landed: Path) -> None:
    broker, _ = evolving
    for version in (1, 2, 3):
        for topic in CLICK_TOPICS:
            register_one(broker, topic, schemas.load(f"click_event_{version}"))
    with ThreadPoolExecutor(3) as publishers:
        list(publishers.map(publish, [broker] * 3, (1, 2, 3)))
    columns = (
        "schema_version, promotion_id, category, points, store_id LIKE 'store-_' AS stored, "
        "session_id LIKE concat('visit-', schema_version + 1, '-%') AS visited, count(DISTINCT event_id), count(*)"
    )
    wanted = [
        (0, "ny", "tea", 7, True, True, EVENTS, EVENTS),
        (1, "ny", "tea", 40, True, True, EVENTS, EVENTS),
        (2, "ny", None, 40, True, True, EVENTS, EVENTS),
    ]
    eventually(lambda: rows(landed, "events", columns), wanted, 120)
    assert rows(landed, "dead_letters", "reason, count(*)") == []
    assert rows(landed, "duplicates", "count(*)") == []
