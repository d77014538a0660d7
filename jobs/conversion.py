"""Count how far shoppers come, by window, campaign, category and product; and by visit.

clicks -> late gate -> steps -> dimensions -> windows: 10 s, 1 min, 5 min every minute -> conversion
                    -> session windows -> visits                                       -> session_results
       late         -> late_events, quarantine/late-events
"""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator
from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.table import StatementSet, StreamTableEnvironment, Table

import schemas
from jobs import environment, sql
from jobs.connectors import columns, create_clicks, create_parquet, create_topic, share
from jobs.environment import JobSection, milliseconds
from settings import Pulsar, Warehouse, read
from settings.duration import Duration

FOLDER = Path(__file__).parent
LARGEST_WINDOW = timedelta(minutes=5)


class Conversion(JobSection):
    """Every knob of the conversion job."""

    SECTION: ClassVar[str] = "conversion"

    # Revenue is summed in this currency alone; orders in another count as orders.
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")
    # A visit ends after this long without an event.
    session_gap: Duration = Field(timedelta(minutes=5), gt=timedelta(0))
    # How far behind the newest event of a partition an event usually comes.
    out_of_orderness: Duration = Field(timedelta(seconds=5), ge=timedelta(0))
    # Phones flush buffered clicks up to ten minutes after reconnecting; older than this is late.
    allowed_lateness: Duration = Field(timedelta(minutes=15), ge=timedelta(0))
    # After this long without traffic, the windows that hold events close.
    quiet_after: Duration = Field(timedelta(seconds=5), gt=timedelta(0))
    # Late corrections are gathered for this long before a figure is published again.
    correction_delay: Duration = Field(timedelta(seconds=1), ge=timedelta(0))

    @property
    def quiet_jump(self) -> timedelta:
        """How far a quiet stream's watermark jumps: past every window and visit that holds an event."""
        return max(LARGEST_WINDOW, self.session_gap) + self.out_of_orderness + timedelta(seconds=1)

    @model_validator(mode="after")
    def _lateness_covers_the_jump(self) -> Self:
        if self.allowed_lateness <= self.quiet_jump:
            raise ValueError(
                f"allowed_lateness is {self.allowed_lateness}; it must exceed {self.quiet_jump}, "
                "which a quiet stream's watermark jumps ahead, or the first events after a pause would be late"
            )
        return self


def bind(tables: StreamTableEnvironment, config: Conversion) -> None:
    """Give the names in conversion.sql their topics and folders."""
    pulsar, folder = read(Pulsar), read(Warehouse).folder
    create_clicks(
        tables,
        pulsar,
        "messages",
        "conversion",
        {
            "duplicate-horizon": milliseconds(config.duplicate_horizon),
            "out-of-orderness": milliseconds(config.out_of_orderness),
            "lateness": milliseconds(config.allowed_lateness),
            "quiet-after": milliseconds(config.quiet_after),
            "quiet-jump": milliseconds(config.quiet_jump),
        },
    )
    for name, record, time, topic, path, key in (
        ("conversion", "conversion_result", "window_start", "conversion_topic", "results/conversion", "dimension,value"),
        ("session_results", "session_result", "window_start", "session_topic", "results/sessions", "shopper_id"),
        ("late_events", "late_event", "first_seen_at", "late_event_topic", "quarantine/late-events", "shopper_id"),
    ):
        create_parquet(tables, folder, name, columns(schemas.load(record)), time)
        create_topic(tables, pulsar, topic, path, record, key)


def define(tables: StreamTableEnvironment, config: Conversion) -> StatementSet:
    """The whole job, given a table `messages` of clicks and the sinks that `bind` makes."""
    settings = tables.get_config()
    # A window that has fired fires again for an event the gate lets through, until the lateness is over.
    settings.set("table.exec.emit.allow-lateness", milliseconds(config.allowed_lateness))
    settings.set("table.exec.emit.late-fire.enabled", "true")
    settings.set("table.exec.emit.late-fire.delay", milliseconds(config.correction_delay))
    (clicks,) = sql.statements(FOLDER / "conversion_clicks.sql")
    share(tables, tables.sql_query(clicks), "clicks", rowtime="occurred_at")
    values: dict[str, sql.Value] = {"currency": config.currency}
    tables.create_temporary_view("visits", _visits(tables, config, values))
    return sql.run(tables, FOLDER / "conversion.sql", values)


def _visits(tables: StreamTableEnvironment, config: Conversion, values: dict[str, sql.Value]) -> Table:
    """One row per visit that has ended. In the JVM, but not in SQL, whose session windows know no lateness."""
    (query,) = sql.statements(FOLDER / "visit_events.sql", values)
    events = tables.to_data_stream(tables.sql_query(query))
    sessions = get_gateway().jvm.dev.hongbao.connector.Sessions
    gap_ms, lateness_ms = (d // timedelta(milliseconds=1) for d in (config.session_gap, config.allowed_lateness))
    return tables.from_data_stream(DataStream(sessions.of(events._j_data_stream, gap_ms, lateness_ms)))


def main() -> str:
    config = read(Conversion)
    tables = environment.create(config, "conversion")
    bind(tables, config)
    return environment.start(define(tables, config))


if __name__ == "__main__":
    main()
