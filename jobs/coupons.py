"""Find moments worth a coupon in SQL, judge each in Python, send the trigger.

clicks -> activity -> patterns/*.sql -> candidates -> key: shopper -> judge -> triggers/coupons, coupons
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import Field
from pyflink.common import Row, Types
from pyflink.datastream import DataStream, KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import StatementSet, StreamTableEnvironment

import schemas
from errors import CannotRun
from jobs import environment, sql
from jobs.connectors import activity_of, columns, create_clicks, create_parquet, create_topic
from jobs.coupon_rules import DAY_MS, Candidate, History, Policy, choose_offer, coupon_id, earns_coupon, lane, long_past
from jobs.environment import JobSection
from settings import Pulsar, Warehouse, read
from settings.duration import Duration

FOLDER = Path(__file__).parent
PATTERNS = FOLDER / "patterns"


class Coupons(JobSection):
    """Every knob of the coupons job."""

    SECTION: ClassVar[str] = "coupons"

    # The defaults for the other jobs would be a seventh of a coupon's second.
    buffer_timeout: Duration = Field(timedelta(milliseconds=5), ge=timedelta(milliseconds=1))
    fetch_wait: Duration = Field(timedelta(milliseconds=20), ge=timedelta(milliseconds=1))
    # The campaign that pays where the click names none.
    campaign_id: str = Field("always-on", min_length=1, max_length=128)
    currency: str = Field("CNY", pattern=r"^[A-Z]{3}$")
    # hesitation: so many views of one product, none followed by an add.
    hesitation_views: int = Field(3, ge=2, le=64)
    hesitation_within: Duration = Field(timedelta(minutes=5), gt=timedelta(0))
    # abandoned cart: nothing for this long after an add.
    abandoned_after: Duration = Field(timedelta(minutes=30), ge=timedelta(seconds=1))
    # high-value browsing: so many views of products at this price or above, none added.
    high_value_views: int = Field(4, ge=2, le=64)
    high_value_within: Duration = Field(timedelta(minutes=10), gt=timedelta(0))
    high_value_price_minor: int = Field(100_000, ge=1)
    # Between two coupons of one rule to one shopper.
    cooldown: Duration = Field(timedelta(hours=1), ge=timedelta(0))
    most_per_day: int = Field(5, ge=1, le=1000)
    # From an event to the decision, without a rule's own wait: what is older earns nothing, so events published again
    # trigger nothing. Phones flush buffered clicks up to ten minutes after reconnecting.
    longest_past: Duration = Field(timedelta(minutes=10), gt=timedelta(0))
    # How long an offer can be used.
    valid_for: Duration = Field(timedelta(days=1), gt=timedelta(0))
    # How long a shopper's pattern state is kept after the last event.
    forget_after: Duration = Field(timedelta(hours=1), gt=timedelta(0))

    @property
    def policy(self) -> Policy:
        return Policy(
            campaign_id=self.campaign_id,
            currency=self.currency,
            cooldown_ms=self.cooldown // timedelta(milliseconds=1),
            most_per_day=self.most_per_day,
            valid_ms=self.valid_for // timedelta(milliseconds=1),
            longest_past_ms=self.longest_past // timedelta(milliseconds=1),
        )

    @property
    def pattern_values(self) -> dict[str, sql.Value]:
        """What the patterns' :names stand for."""
        return {
            "hesitation_views": self.hesitation_views,
            "hesitation_within_ms": self.hesitation_within // timedelta(milliseconds=1),
            "high_value_views": self.high_value_views,
            "high_value_within_ms": self.high_value_within // timedelta(milliseconds=1),
            "high_value_price_minor": self.high_value_price_minor,
        }


class Judge(KeyedProcessFunction):  # type: ignore[misc]
    """Turn a shopper's candidates into coupons, remembering what was issued."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def open(self, runtime_context: RuntimeContext) -> None:
        # Text, not a list: in thread mode Flink 1.20 takes a nested type for pickled bytes and fails the checkpoint.
        self._long_past = runtime_context.get_metrics_group().counter("long_past_candidates")
        self._issued = runtime_context.get_state(ValueStateDescriptor("issued", Types.STRING()))

    def process_element(self, value: Row, context: KeyedProcessFunction.Context) -> Iterator[Row]:
        candidate = Candidate(*value)
        now_ms = context.timer_service().current_processing_time()
        if long_past(candidate, now_ms, self._policy):
            self._long_past.inc()
            return
        history = History.parse(self._issued.value())
        if not earns_coupon(candidate, history, now_ms, self._policy):
            return
        self._issued.update(history.add(candidate.rule, now_ms).text)
        # A timer forgets: a Python time to live in thread mode tries to start a JVM on the TaskManager (Flink 1.20).
        context.timer_service().register_processing_time_timer(now_ms + DAY_MS)
        yield Row(*decision(candidate, now_ms, self._policy).values())

    def on_timer(self, timestamp: int, context: KeyedProcessFunction.OnTimerContext) -> Iterator[Row]:
        history = History.parse(self._issued.value()).recent(timestamp)
        if history.issued:
            self._issued.update(history.text)
        else:
            self._issued.clear()
        yield from ()


def decision(candidate: Candidate, now_ms: int, policy: Policy) -> dict[str, str | int | None]:
    """The trigger as the sink wants it, in the order of DECISION."""
    campaign_id = candidate.campaign_id or policy.campaign_id
    offer = choose_offer(candidate)
    return {
        "coupon_id": coupon_id(candidate.shopper_id, campaign_id, candidate.rule, candidate.cause_event_id),
        "shopper_id": candidate.shopper_id,
        "campaign_id": campaign_id,
        "rule": candidate.rule,
        "cause_event_id": candidate.cause_event_id,
        "offer": offer.name,
        "discount_percent": offer.percent,
        "discount_minor": offer.minor,
        "currency": candidate.currency or policy.currency,
        "product_id": candidate.product_id,
        "category": candidate.category,
        "membership_tier": candidate.membership_tier,
        "favourite_category": candidate.favourite_category,
        "basket_minor": candidate.basket_minor,
        "lane": lane(candidate),
        "occurred_ms": candidate.occurred_ms,
        "published_ms": candidate.published_ms,
        "due_ms": candidate.due_ms,
        "read_ms": candidate.read_ms,
        "decided_ms": now_ms,
        "expires_ms": now_ms + policy.valid_ms,
    }


INTEGERS = {"discount_percent": Types.INT()}
DECISION = {
    name: INTEGERS.get(name, Types.LONG() if name.endswith(("_ms", "_minor")) else Types.STRING())
    for name in [
        "coupon_id",
        "shopper_id",
        "campaign_id",
        "rule",
        "cause_event_id",
        "offer",
        "discount_percent",
        "discount_minor",
        "currency",
        "product_id",
        "category",
        "membership_tier",
        "favourite_category",
        "basket_minor",
        "lane",
        "occurred_ms",
        "published_ms",
        "due_ms",
        "read_ms",
        "decided_ms",
        "expires_ms",
    ]
}


def bind(tables: StreamTableEnvironment, config: Coupons) -> None:
    """Give the names in activity.sql and triggers.sql their topics and folders."""
    pulsar, folder = read(Pulsar), read(Warehouse).folder
    create_clicks(tables, pulsar, "clicks", "coupons", config.clicks_options)
    create_topic(tables, pulsar, "coupon_topic", "triggers/coupons", "coupon_trigger", key="shopper_id")
    create_parquet(tables, folder, "coupons", columns(schemas.load("coupon_trigger")), time="decided_at")


def candidates(tables: StreamTableEnvironment, config: Coupons) -> DataStream:
    """Every pattern's matches as one stream of Candidate's fields."""
    (deliveries,) = sql.statements(FOLDER / "activity.sql")
    activity = activity_of(tables, tables.sql_query(deliveries), config.abandoned_after, config.forget_after)
    tables.create_temporary_view("activity", activity)
    matches = [tables.sql_query(query) for path in sorted(PATTERNS.glob("*.sql")) for query in _bound(path, config)]
    union = matches[0]
    for match in matches[1:]:
        union = union.union_all(match)
    return tables.to_data_stream(union)


def define(tables: StreamTableEnvironment, config: Coupons) -> StatementSet:
    """The whole job, given tables `clicks`, `coupon_topic` and `coupons`."""
    decisions = (
        candidates(tables, config)
        .key_by(lambda candidate: candidate.shopper_id, key_type=Types.STRING())
        .process(Judge(config.policy), Types.ROW_NAMED(list(DECISION), list(DECISION.values())))
        .uid("coupons-judge")
        .name("coupons-judge")
    )
    # Where thread mode cannot do something Flink falls back to process mode, and says so in a log at best.
    operator = (
        decisions._j_data_stream.getTransformation().getOperatorFactory().getOperator().getClass().getSimpleName()
    )
    if not operator.startswith("Embedded"):
        raise CannotRun(f"coupons: Flink chose {operator} for the judge; a coupon needs thread mode")
    tables.create_temporary_view("decisions", decisions)
    return sql.run(tables, FOLDER / "triggers.sql")


def _bound(path: Path, config: Coupons) -> list[str]:
    return sql.statements(path, config.pattern_values)


def main() -> str:
    config = read(Coupons)
    tables = environment.create(config, "coupons")
    bind(tables, config)
    return environment.start(define(tables, config))


if __name__ == "__main__":
    main()
