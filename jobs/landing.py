"""Land every event in Parquet, once; keep duplicates and dead letters apart.

clicks -> first delivery of an id -> events
          later deliveries        -> duplicates
          not an event            -> dead_letters, quarantine/dead-letters
"""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import Field
from pyflink.table import StatementSet, StreamTableEnvironment

import schemas
from jobs import environment, sql
from jobs.connectors import ORIGIN, columns, create_clicks, create_parquet, create_topic, split
from jobs.environment import JobSection
from settings import Pulsar, Warehouse, read
from settings.duration import Duration

FOLDER = Path(__file__).parent


class Landing(JobSection):
    """Every knob of the landing job."""

    SECTION: ClassVar[str] = "landing"

    # Coupons have a second, a landed event fifteen.
    niceness: int = Field(5, ge=0, le=19)
    # When a TaskManager died the coupons' job goes first: two cores that start all jobs at once start none in its time.
    restart_after: Duration = Field(timedelta(seconds=12), ge=timedelta(milliseconds=1), le=timedelta(minutes=1))
    # A file becomes visible when the checkpoint that closes it completes: this is most of its freshness.
    checkpoint_interval: Duration = Field(timedelta(seconds=5), ge=timedelta(milliseconds=100))
    # The job stops when more of a minute's messages are no events, by the broker's clock; 1 never stops it.
    most_dead_share: float = Field(0.5, ge=0, le=1)
    # A minute of which a subtask read fewer messages is not judged.
    dead_share_least: int = Field(200, ge=1)

    @property
    def dead_share_options(self) -> dict[str, str]:
        return {"most-dead-share": str(self.most_dead_share), "dead-share-least": str(self.dead_share_least)}


def bind(tables: StreamTableEnvironment, config: Landing) -> None:
    """Give the names in landing.sql their topics and folders."""
    pulsar, folder = read(Pulsar), read(Warehouse).folder
    create_clicks(tables, pulsar, "clicks", "landing", {**config.clicks_options, **config.dead_share_options})
    event = columns(schemas.load("click_event"))
    dead = columns(schemas.load("dead_letter"))
    create_parquet(tables, folder, "events", {**event, **ORIGIN}, time="occurred_at")
    repeat = {name: {**event, **ORIGIN}[name] for name in REPEAT}
    create_parquet(tables, folder, "duplicates", repeat, time="read_at")
    create_parquet(tables, folder, "dead_letters", dead, time="first_seen_at")
    create_topic(tables, pulsar, "dead_letter_topic", "quarantine/dead-letters", "dead_letter", key="key")


REPEAT = ("event_id", "shopper_id", "topic", "message_id", "published_at", "read_at")


def define(tables: StreamTableEnvironment, folder: Path = FOLDER) -> StatementSet:
    """The whole job, given tables `clicks`, `events`, `duplicates`, `dead_letters`, `dead_letter_topic`.

    Its SQL lies in `folder`.
    """
    (deliveries,) = sql.statements(folder / "deliveries.sql")
    landed = len(columns(schemas.load("click_event"))) + len(ORIGIN)
    split(tables, tables.sql_query(deliveries), landed, "landed", "refused")
    return sql.run(tables, folder / "landing.sql")


def main() -> str:
    config = read(Landing)
    tables = environment.create(config, "landing")
    bind(tables, config)
    return environment.start(define(tables))


if __name__ == "__main__":
    main()
