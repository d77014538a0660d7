"""Bind a job's tables to Pulsar topics and Parquet folders: the only file here that knows where things are.

A table's columns come from its contract, so a .avsc is the one place that lists them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.table import DataTypes, Schema, StreamTableEnvironment, Table, TableDescriptor
from pyflink.table.types import DataType

import schemas
from schemas import Contract
from schemas.topics import CAMPAIGNS, CLICK_TOPICS, COUPONS, OFFER_MODELS, PRICE_RULES, PRICES, Topic, click_topics
from settings import Pulsar

TIME = DataTypes.TIMESTAMP_LTZ(3)
TYPES = {
    "string": DataTypes.STRING(),
    "int": DataTypes.INT(),
    "long": DataTypes.BIGINT(),
    "double": DataTypes.DOUBLE(),
    "boolean": DataTypes.BOOLEAN(),
    "bytes": DataTypes.BYTES(),
    "timestamp-millis": TIME,
    "map": DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING()),
}
# What the clicks connector knows of a message besides the event, and what became of it.
ORIGIN: Mapping[str, DataType] = {
    "shopper_id": DataTypes.STRING(),
    "topic": DataTypes.STRING(),
    "message_id": DataTypes.STRING(),
    "schema_version": DataTypes.BIGINT(),
    "published_at": TIME,
    "appended_at": TIME,
    "read_at": TIME,
}
# The same of any topic's message: a record's own field of that name comes first.
MESSAGE: Mapping[str, DataType] = {
    "message_key": DataTypes.STRING(),
    **{name: kind for name, kind in ORIGIN.items() if name != "shopper_id"},
}
VERDICT: Mapping[str, DataType] = {
    "verdict": DataTypes.STRING(),
    "reason": DataTypes.STRING(),
    "field": DataTypes.STRING(),
    "payload": DataTypes.BYTES(),
    "message_key": DataTypes.STRING(),
    "message_properties": TYPES["map"],
    "watermark_at": TIME,
    "late_by_ms": DataTypes.BIGINT(),
}


def columns(contract: Contract) -> dict[str, DataType]:
    """Name and SQL type of each field, nullable where the contract says so."""
    return {field["name"]: _data_type(field["type"]) for field in contract.fields}


def create_clicks(
    tables: StreamTableEnvironment,
    pulsar: Pulsar,
    name: str,
    subscription: str,
    options: Mapping[str, str],
    rowtime: bool = False,
    topics: Sequence[Topic] = CLICK_TOPICS,
) -> None:
    """A table `name`: one row per message of the clicks' topics, whatever became of it (its `verdict`).

    Ask for `rowtime` where windows are counted: with it several sinks on one scan do not plan (Flink 1.20).
    """
    contract = schemas.load("click_event")
    event = {name: kind.nullable() for name, kind in columns(contract).items()}
    schema = Schema.new_builder()
    for column, kind in {**event, **ORIGIN, **VERDICT}.items():
        schema.column(column, kind)
    if rowtime:
        schema.watermark("occurred_at", "SOURCE_WATERMARK()")
    _create(
        tables,
        name,
        "clicks",
        schema.build(),
        {
            **_broker(pulsar),
            "topics": ";".join(pulsar.topic(one.path) for one in click_topics(pulsar.vip_topic) if one in topics),
            "subscription": subscription,
            # The whole contract: a cluster whose jar has an older one need not restart for a new version.
            "schema": contract.text,
            **options,
        },
    )


def create_topic(
    tables: StreamTableEnvironment,
    pulsar: Pulsar,
    name: str,
    path: str,
    record: str,
    key: str,
    exclusive: bool = False,
    partitions: str = "all",
) -> None:
    """A table `name` that publishes each row to the topic `path`, keyed by the column(s) `key`.

    An `exclusive` one turns every other publisher out, also one of before a failure that has not noticed yet: of the
    `partitions` it publishes, which are all, the last, or all but last.
    """
    options = {
        "service-url": pulsar.service_url,
        "topic": pulsar.topic(path),
        "schema": record,
        "key": key,
        "exclusive": str(exclusive).lower(),
        "partitions": partitions,
    }
    _create(tables, name, "avro-topic", _schema(columns(schemas.load(record))), options)


def create_topic_source(
    tables: StreamTableEnvironment,
    pulsar: Pulsar,
    name: str,
    path: str,
    contract: Contract,
    subscription: str,
    event_time: str | None = None,
    reasons: bool = False,
    options: Mapping[str, str] | None = None,
) -> None:
    """A table `name`: one row per message of the topic `path`, at least once.

    Its columns are the contract's fields and what is known of a message (MESSAGE). With `event_time`, one of its
    columns, it has watermarks. A message that is no such record stops the job; with `reasons` it is a row of nulls
    instead that says why in `reason`.
    """
    fields = columns(contract)
    nullable = {name: kind.nullable() for name, kind in fields.items()} if reasons else fields
    schema = Schema.new_builder()
    for column, kind in {**MESSAGE, **({"reason": DataTypes.STRING()} if reasons else {}), **nullable}.items():
        schema.column(column, kind)
    if event_time is not None:
        schema.watermark(event_time, "SOURCE_WATERMARK()")
    _create(
        tables,
        name,
        "avro-topic",
        schema.build(),
        {
            **_broker(pulsar),
            "topic": pulsar.topic(path),
            "subscription": subscription,
            "schema": contract.text,
            **({} if event_time is None else {"event-time": event_time}),
            **(options or {}),
        },
    )


def create_parquet(
    tables: StreamTableEnvironment, folder: Path, name: str, fields: Mapping[str, DataType], time: str
) -> None:
    """A table `name` that lands rows in `folder`/`name`/event_date=…/event_hour=… by the column `time`."""
    _create(tables, name, "parquet-files", _schema(fields), {"path": (folder / name).as_uri(), "time": time})


def share(tables: StreamTableEnvironment, table: Table, name: str, rowtime: str) -> None:
    """Let SQL and a data stream read `table` as `name` in one job, through one source."""
    shared = get_gateway().jvm.dev.hongbao.connector.Shared
    tables.create_temporary_view(name, Table(shared.of(tables._j_tenv, table._j_table, rowtime), tables))


def activity_of(
    tables: StreamTableEnvironment,
    deliveries: Table,
    currency: str,
    quiet: timedelta,
    forget: timedelta,
    forget_looks: timedelta,
    forget_buyer: timedelta,
    forget_visitor: timedelta,
) -> Table:
    """Each delivery with what is known of its shopper, and a row for each basket left alone for `quiet`.

    After a quiet of `forget` only the prices seen are remembered, up to `forget_looks`, the orders and the features
    of the offers' choice, up to `forget_buyer`, and of who never bought up to `forget_visitor`. The features count
    money in `currency`. `shopper` is for the functions STREAK, COMPLETES and FEATURES, which this makes known to SQL.
    """
    for name in ("Streak", "Completes", "Features"):
        tables.create_java_temporary_system_function(name.upper(), f"dev.hongbao.connector.{name}Function")
    java = get_gateway().jvm.dev.hongbao.connector.Activity
    durations = (quiet, forget, forget_looks, forget_buyer, forget_visitor)
    times = (duration // timedelta(milliseconds=1) for duration in durations)
    return Table(java.of(tables._j_tenv, deliveries._j_table, currency, *times), tables)


def campaigns_of(tables: StreamTableEnvironment, candidates: Table, pulsar: Pulsar, built_in: Iterable[str]) -> Table:
    """Candidates with the campaigns that may answer, as a JSON list in `campaigns`, and a `model` they choose by.

    Where none covers the pattern it is null for a `built_in` one, and any other's candidate goes no further.
    """
    java = get_gateway().jvm.dev.hongbao.connector.Campaigns
    patterns = get_gateway().jvm.java.util.HashSet()
    for pattern in built_in:
        patterns.add(pattern)
    return Table(java.of(tables._j_tenv, candidates._j_table, _campaign_topics(pulsar), patterns), tables)


def govern(
    tables: StreamTableEnvironment,
    proposed: Table,
    most_per_day: int,
    read_back: bool,
    pulsar: Pulsar,
    partitions: str = "all",
) -> Table:
    """What became of each proposal.

    With `read_back`, what was issued before a failure on these `partitions` of the coupons is charged first.
    """
    topics = _campaign_topics(pulsar)
    topics.put("partitions", partitions)
    java = get_gateway().jvm.dev.hongbao.connector.Governance
    return Table(java.of(tables._j_tenv, proposed._j_table, most_per_day, read_back, topics), tables)


def _campaign_topics(pulsar: Pulsar) -> Any:
    topics = get_gateway().jvm.java.util.HashMap()
    for key, value in {
        **_broker(pulsar),
        "campaigns": pulsar.topic(CAMPAIGNS.path),
        "coupons": pulsar.topic(COUPONS.path),
        "models": pulsar.topic(OFFER_MODELS.path),
    }.items():
        topics.put(key, value)
    return topics


def split(tables: StreamTableEnvironment, deliveries: Table, count: int, events: str, others: str) -> None:
    """Make a view `events` of first deliveries, with the first `count` columns, and a view `others` of the rest.

    Both read `deliveries` through one source; a WHERE in SQL would copy every column.
    """
    verdicts = get_gateway().jvm.dev.hongbao.connector.Verdicts
    verdicts.split(tables._j_tenv, deliveries._j_table, count, events, others)


def prices_of(counted: DataStream, pulsar: Pulsar, stragglers: timedelta) -> DataStream:
    """Changes of categories' prices, by the rules on their topic, from what `windows` of Conversion gives.

    A window decides `stragglers` after its end at the earliest.
    """
    topics = get_gateway().jvm.java.util.HashMap()
    for key, value in {
        **_broker(pulsar),
        "price-rules": pulsar.topic(PRICE_RULES.path),
        "prices": pulsar.topic(PRICES.path),
    }.items():
        topics.put(key, value)
    java = get_gateway().jvm.dev.hongbao.connector.Prices
    return DataStream(java.of(counted._j_data_stream, topics, stragglers // timedelta(milliseconds=1)))


def windows(tables: StreamTableEnvironment, name: str, rows: Table, *arguments: int) -> DataStream:
    """The windows of the connector's class `name` over `rows`; they allow lateness, which SQL's do not."""
    java = getattr(get_gateway().jvm.dev.hongbao.connector, name)
    return DataStream(java.of(tables._j_tenv, rows._j_table, *arguments))


def _create(
    tables: StreamTableEnvironment, name: str, connector: str, schema: Schema, options: Mapping[str, str]
) -> None:
    descriptor = TableDescriptor.for_connector(connector).schema(schema)
    for key, value in options.items():
        descriptor.option(key, value)
    tables.create_temporary_table(name, descriptor.build())


def _schema(fields: Mapping[str, DataType]) -> Schema:
    builder = Schema.new_builder()
    for name, kind in fields.items():
        builder.column(name, kind)
    return builder.build()


def _broker(pulsar: Pulsar) -> dict[str, str]:
    return {"service-url": pulsar.service_url, "admin-url": pulsar.admin_url}


def _data_type(avro: Any) -> DataType:
    if isinstance(avro, list):
        return _data_type(next(branch for branch in avro if branch != "null")).nullable()
    if isinstance(avro, dict):
        kind = avro["logicalType"] if avro.get("logicalType") in TYPES else avro["type"]
        return TYPES[kind].not_null()
    return TYPES[avro].not_null()
