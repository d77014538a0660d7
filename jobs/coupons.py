"""Find moments worth a coupon in SQL, say what each is worth in Python, issue within every limit, send the trigger.

clicks -> activity -> patterns/*.sql -> candidates -> campaigns -> judge
       -> key: shopper -> governance -> triggers/coupons, coupons
                                     -> decisions
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator
from pyflink.common import Row, Types
from pyflink.datastream import DataStream, ProcessFunction, RuntimeContext
from pyflink.table import StatementSet, StreamTableEnvironment, Table

import schemas
from errors import CannotRun
from jobs import environment, sql
from jobs.campaign_rules import BUILT_IN, OTHERS, VIP, WHOLE, Part, propose
from jobs.connectors import activity_of, campaigns_of, columns, create_clicks, create_parquet, create_topic, govern
from jobs.coupon_rules import Candidate, Policy
from jobs.environment import JobSection
from jobs.own_rules import OwnRules, Score, load
from model.along import scorecard
from model.definition import Kept, Model
from settings import Campaigns, Pulsar, Stack, Warehouse, read
from settings.duration import Duration, text
from stack.topics import read_by

FOLDER = Path(__file__).parent
PATTERNS = FOLDER / "patterns"
# So many different sentences of rules that fail are logged; each failure is counted.
MOST_TOLD = 100
# Which of the coupons' partitions each part publishes, and reads back: an exclusive producer is alone on a partition.
PARTITIONS = {WHOLE: "all", OTHERS: "but last", VIP: "last"}


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
    # price drop: so much cheaper than at the look before. Where that may be longer ago than forget_after, each
    # shopper is remembered for so long (docs/jobs.md says at which cost).
    price_drop_percent: int = Field(10, ge=1, le=99)
    price_drop_within: Duration = Field(timedelta(hours=1), gt=timedelta(0))
    # lapsed buyer: comes again so long after the last order.
    lapsed_after: Duration = Field(timedelta(days=60), gt=timedelta(0))
    # basket threshold: the open basket's worth.
    basket_threshold_minor: int = Field(50_000, ge=1)
    # checkout hesitation: from the add to the way back from the checkout.
    checkout_hesitation_within: Duration = Field(timedelta(minutes=15), gt=timedelta(0))
    # How long after the last event a buyer is remembered: the orders, and the features that an offer is chosen by.
    remember_buyers: Duration = Field(timedelta(days=400), gt=timedelta(0))
    # After a failure, charge what was issued since the checkpoint before anything is decided. Without it budgets and
    # stocks are overspent: for drills' controls.
    read_back: bool = True
    # The same of who never bought: the features alone.
    remember_visitors: Duration = Field(timedelta(days=7), gt=timedelta(0))

    @model_validator(mode="after")
    def _remembers_who_lapsed(self) -> Self:
        if self.lapsed_after >= self.remember_buyers:
            got = f"lapsed_after {text(self.lapsed_after)} and remember_buyers {text(self.remember_buyers)}"
            raise ValueError(f"who lapsed is forgotten before; lapsed_after must be below remember_buyers, got {got}")
        return self

    @property
    def policy(self) -> Policy:
        return Policy(
            campaign_id=self.campaign_id,
            currency=self.currency,
            cooldown_ms=self.cooldown // timedelta(milliseconds=1),
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
            "price_drop_percent": self.price_drop_percent,
            "price_drop_within_ms": self.price_drop_within // timedelta(milliseconds=1),
            "lapsed_after_ms": self.lapsed_after // timedelta(milliseconds=1),
            "basket_threshold_minor": self.basket_threshold_minor,
            "checkout_hesitation_within_ms": self.checkout_hesitation_within // timedelta(milliseconds=1),
        }


class Judge(ProcessFunction):  # type: ignore[misc]
    """Give each candidate its proposals; one that none answers goes no further."""

    def __init__(self, policy: Policy, rules: Mapping[str, Score], default: Model, part: Part = WHOLE) -> None:
        self._policy = policy
        self._part = part
        self._scores = rules
        self._default = default
        self._told: set[str] = set()

    def open(self, runtime_context: RuntimeContext) -> None:
        # The same few lists come with every candidate. Made here: a cached function of this module would be imported.
        self._parsed = lru_cache(maxsize=1024)(json.loads)
        self._unanswered = runtime_context.get_metrics_group().counter("unanswered_candidates")
        self._failures = runtime_context.get_metrics_group().counter("failed_rules")
        self._refused_models = runtime_context.get_metrics_group().counter("refused_models")
        self._ask = OwnRules(self._scores, self._fail)
        self._model = Kept(self._default, self._refuse)

    def process_element(self, value: Row, context: ProcessFunction.Context) -> Iterator[Row]:
        *fields, campaigns, model = value
        candidate = Candidate(*fields)
        asked = None if campaigns is None else self._parsed(campaigns)
        now_ms = time.time_ns() // 1_000_000
        # Without a text there is none that another model was chosen for, or no campaign that asks.
        chooses = self._model(model)
        proposals = propose(candidate, asked, self._policy, now_ms, self._ask, chooses, self._part)
        if proposals:
            yield Row(*(getattr(candidate, name) for name in TAKEN), json.dumps(proposals))
        else:
            self._unanswered.inc()

    def _fail(self, sentence: str) -> None:
        self._failures.inc()
        self._tell(f"{sentence}; its campaigns let nobody in by it")

    def _refuse(self, sentence: str) -> None:
        self._refused_models.inc()
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(sentence)
            logging.getLogger("coupons-judge").error("%s", sentence)


# What governance passes on of a candidate.
TAKEN = (
    "shopper_id",
    "rule",
    "cause_event_id",
    "product_id",
    "category",
    "membership_tier",
    "favourite_category",
    "basket_minor",
    "occurred_ms",
    "published_ms",
    "due_ms",
    "read_ms",
    "features",
)
PROPOSED = {
    **{name: Types.LONG() if name.endswith(("_ms", "_minor")) else Types.STRING() for name in TAKEN},
    # Text, not a list: Flink 1.20 takes a nested type of thread mode for pickled bytes.
    "proposals": Types.STRING(),
}


def bind(tables: StreamTableEnvironment, config: Coupons, job: str = "coupons", part: Part = WHOLE) -> None:
    """Give the names in activity.sql and triggers.sql their topics and folders."""
    pulsar, folder = read(Pulsar), read(Warehouse).folder
    create_clicks(tables, pulsar, "clicks", job, config.clicks_options, topics=read_by(job))
    create_topic(
        tables,
        pulsar,
        "coupon_topic",
        "triggers/coupons",
        "coupon_trigger",
        key="shopper_id",
        exclusive=True,
        partitions=PARTITIONS[part],
    )
    create_parquet(tables, folder, "coupons", columns(schemas.load("coupon_trigger")), time="decided_at")
    create_parquet(tables, folder, "decisions", columns(schemas.load("campaign_decision")), time="decided_at")


def candidates(tables: StreamTableEnvironment, config: Coupons) -> Table:
    """Every pattern's matches in one table of Candidate's columns."""
    (deliveries,) = sql.statements(FOLDER / "activity.sql")
    activity = activity_of(
        tables,
        tables.sql_query(deliveries),
        currency=config.currency,
        quiet=config.abandoned_after,
        forget=config.forget_after,
        forget_looks=config.price_drop_within,
        forget_buyer=config.remember_buyers,
        forget_visitor=config.remember_visitors,
    )
    tables.create_temporary_view("activity", activity)
    matches = [tables.sql_query(query) for path in sorted(PATTERNS.glob("*.sql")) for query in _bound(path, config)]
    union = matches[0]
    for match in matches[1:]:
        union = union.union_all(match)
    return union


def proposed(tables: StreamTableEnvironment, asked: Table, config: Coupons, part: Part) -> DataStream:
    """Candidates with their campaigns, judged in Python."""
    tables.create_temporary_view("asked", asked)
    judged = (
        # Through SQL, whose types are Python's too; a stream's are Flink's own.
        tables.to_data_stream(tables.sql_query("SELECT * FROM asked"))
        .process(
            Judge(config.policy, load(read(Campaigns).rules), scorecard(), part),
            Types.ROW_NAMED(list(PROPOSED), list(PROPOSED.values())),
        )
        .uid("coupons-judge")
        .name("coupons-judge")
    )
    # Where thread mode cannot do something Flink falls back to process mode, and says so in a log at best.
    operator = judged._j_data_stream.getTransformation().getOperatorFactory().getOperator().getClass().getSimpleName()
    if not operator.startswith("Embedded"):
        raise CannotRun(f"coupons: Flink chose {operator} for the judge; a coupon needs thread mode")
    return judged


def define(tables: StreamTableEnvironment, config: Coupons, part: Part = WHOLE) -> StatementSet:
    """The whole job, given tables `clicks`, `coupon_topic`, `coupons` and `decisions`.

    It may spend its `part` of what a campaign may.
    """
    pulsar = read(Pulsar)
    asked = campaigns_of(tables, candidates(tables, config), pulsar, BUILT_IN)
    judged = tables.from_data_stream(proposed(tables, asked, config, part))
    governed = govern(tables, judged, config.most_per_day, config.read_back, pulsar, PARTITIONS[part])
    tables.create_temporary_view("governed", governed)
    return sql.run(tables, FOLDER / "triggers.sql")


def _bound(path: Path, config: Coupons) -> list[str]:
    return sql.statements(path, config.pattern_values)


def main() -> str:
    config, part = read(Coupons), OTHERS if read(Stack).vip_apart else WHOLE
    tables = environment.create(config, "coupons")
    bind(tables, config, "coupons", part)
    return environment.start(define(tables, config, part))


if __name__ == "__main__":
    main()
