"""Count how far shoppers come, by window, campaign, category and product; and by visit. Move prices by it.

clicks -> late gate -> steps -> dimensions -> windows: 10 s, 1 min, 5 min every minute -> conversion
                                                    -> of a category, over -> rule     -> prices
                    -> session windows -> visits                                       -> session_results
       late         -> late_events, quarantine/late-events
"""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator
from pyflink.table import StatementSet, StreamTableEnvironment

import schemas
from jobs import environment, sql
from jobs.connectors import columns, create_clicks, create_parquet, create_topic, prices_of, share, windows
from jobs.environment import JobSection, milliseconds, whole_ms
from settings import Pulsar, Warehouse, read
from settings.duration import Duration

FOLDER = Path(__file__).parent
LARGEST_WINDOW = timedelta(minutes=5)


class Conversion(JobSection):
    """Every knob of the conversion job."""

    SECTION: ClassVar[str] = "conversion"

    # Coupons have a second, landed events fifteen; a conversion figure waits for its window anyway.
    niceness: int = Field(10, ge=0, le=19)
    # When a TaskManager died, behind the coupons' job and landing.
    restart_after: Duration = Field(timedelta(seconds=16), ge=timedelta(milliseconds=1), le=timedelta(minutes=1))
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
            **config.clicks_options,
            "out-of-orderness": milliseconds(config.out_of_orderness),
            "lateness": milliseconds(config.allowed_lateness),
            "quiet-after": milliseconds(config.quiet_after),
            "quiet-jump": milliseconds(config.quiet_jump),
        },
        rowtime=True,
    )
    for name, record, time, topic, path, key in (
        (
            "conversion",
            "conversion_result",
            "window_start",
            "conversion_topic",
            "results/conversion",
            "dimension,value",
        ),
        ("session_results", "session_result", "window_start", "session_topic", "results/sessions", "shopper_id"),
        ("late_events", "late_event", "first_seen_at", "late_event_topic", "quarantine/late-events", "shopper_id"),
        ("prices", "price_trigger", "decided_at", "price_topic", "triggers/prices", "category"),
    ):
        create_parquet(tables, folder, name, columns(schemas.load(record)), time)
        create_topic(tables, pulsar, topic, path, record, key)


def define(tables: StreamTableEnvironment, config: Conversion) -> StatementSet:
    """The whole job, given a table `messages` of clicks and the sinks that `bind` makes."""
    (clicks,) = sql.statements(FOLDER / "conversion_clicks.sql")
    share(tables, tables.sql_query(clicks), "clicks", rowtime="occurred_at")

    currency: dict[str, sql.Value] = {"currency": config.currency}
    lateness_ms, gap_ms = whole_ms(config.allowed_lateness), whole_ms(config.session_gap)
    sql.run(tables, FOLDER / "conversion_steps.sql", currency)
    counted = windows(tables, "Conversion", tables.from_path("dimensioned"), lateness_ms, config.niceness)
    tables.create_temporary_view("counted", counted)
    tables.create_temporary_view("priced", prices_of(counted, read(Pulsar), config.out_of_orderness))
    (events,) = sql.statements(FOLDER / "visit_events.sql", currency)
    visits = windows(tables, "Sessions", tables.sql_query(events), gap_ms, lateness_ms, config.niceness)
    tables.create_temporary_view("visits", visits)

    return sql.run(tables, FOLDER / "conversion.sql")


def main() -> str:
    config = read(Conversion)
    tables = environment.create(config, "conversion")
    bind(tables, config)
    return environment.start(define(tables, config))


if __name__ == "__main__":
    main()
