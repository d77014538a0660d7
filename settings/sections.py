"""The sections that are not one job's own. Defaults here are the reference manual."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from settings.duration import Duration, parse
from settings.reader import ROOT


class Section(BaseModel):
    """A section of hongbao.toml: frozen, and a wrong key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


# Below, the heap would have less than what Flink itself needs and a few minutes of VIPs.
LEAST_VIP_MB = 1152


def _one_address(url: str) -> str:
    try:
        found = urlsplit(url)
        # Without a port each client would choose another.
        if found.hostname and found.port:
            return url
    except ValueError:
        pass  # a port that is no number, or above 65535
    raise ValueError("it must name one host and its port, such as 127.0.0.1:8080")


def _enough_for_a_heap(memory_mb: int) -> int:
    if 0 < memory_mb < LEAST_VIP_MB or memory_mb < 0:
        raise ValueError(f"it must be 0, or at least {LEAST_VIP_MB}: all but the heap is 928 of it")
    return memory_mb


# A relative path means: in the checkout, wherever the command was called.
CheckoutPath = Annotated[Path, AfterValidator(lambda path: path if path.is_absolute() else ROOT / path)]
VipMemory = Annotated[int, AfterValidator(_enough_for_a_heap)]
Url = Annotated[str, AfterValidator(_one_address)]


def _split(value: Any) -> Any:
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


# A list, or in the environment its names with commas between.
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Stack(Section):
    """The Pulsar and Flink that `hongbao up` runs on this machine, on the ports that [pulsar] and [flink] name."""

    SECTION: ClassVar[str] = "stack"

    # Everything the stack writes: data, logs, pid files, links to jars.
    folder: CheckoutPath = Path("var")
    # BookKeeper, Flink's RPC, its blobs and ZooKeeper take the four ports from here on.
    internal_port: int = Field(16650, ge=1024, le=65535 - 3)
    # Off for drills' controls alone: the broker then takes what a publisher sends again a second time.
    broker_deduplication: bool = True
    broker_memory_mb: int = Field(768, ge=256)
    jobmanager_memory_mb: int = Field(1024, ge=768)
    taskmanager_memory_mb: int = Field(3072, ge=1024)
    taskmanagers: int = Field(1, ge=1, le=64)
    slots: int = Field(6, ge=1, le=64)
    # A TaskManager for the VIPs' coupons job alone, so that nothing of the others' stands before it; 0: there is none,
    # and the coupons job reads both topics of clicks.
    vip_memory_mb: VipMemory = 0
    # Compile once and lightly, for a stack that lives for minutes. In a burst that starts cold the optimizing compiler
    # takes a quarter of the TaskManager's time. (p99 735 ms with it, 586 ms without: one run each, within the noise.)
    quick_start: bool = False
    # Where the broker listens when clients reach it at [pulsar] service_url through something else, such as a proxy;
    # 0: at service_url itself.
    broker_port: int = Field(0, ge=0, le=65535)
    # A process that has answered nothing for so long is killed and started again; one that starts has four times that.
    # Longer than a pause that mends itself: the drills freeze a broker for 20 s.
    hung_after: Duration = parse("45 s")
    # Flink's `adaptive` lets `hongbao autoscale` rescale a running job. With it a job that lost slots goes on with
    # what is left, after up to 10 s in which more may turn up.
    scheduler: Literal["default", "adaptive"] = "default"

    @model_validator(mode="after")
    def _slots_are_told_apart(self) -> Self:
        if self.vip_apart and self.scheduler == "adaptive":
            # AdaptiveScheduler of Flink 1.20 asks for slots of unknown resources: any job would take the VIPs' slot.
            raise ValueError(
                "the adaptive scheduler cannot keep a TaskManager for VIPs; leave vip_memory_mb at 0, or scheduler at "
                '"default"'
            )
        return self

    @property
    def vip_apart(self) -> bool:
        """Whether VIPs' coupons are decided in a job of their own."""
        return self.vip_memory_mb > 0


class Pulsar(Section):
    """Where the broker is and how topics are laid out."""

    SECTION: ClassVar[str] = "pulsar"

    service_url: Url = Field("pulsar://127.0.0.1:6650", pattern=r"^pulsar(\+ssl)?://.+")
    admin_url: Url = Field("http://127.0.0.1:8080", pattern=r"^https?://.+")
    tenant: str = Field("hongbao", pattern=r"^[a-z0-9-]+$")
    # Eight keep a later growth to eight subtasks open without a new topic; two cores do not need more.
    click_partitions: int = Field(8, ge=1, le=1024)
    # Whether VIPs' clicks have a topic of their own, for publishers and jobs alike. Needed where a job of its own reads
    # it; elsewhere it only costs, even idle: in the demo's burst coupon p99 was 1,360 to 2,126 ms with it in four runs,
    # 703 to 966 without in three (docs/performance.md).
    vip_topic: bool = False

    def topic(self, path: str) -> str:
        """The full name of `namespace/topic`, such as `events/clicks`."""
        return f"persistent://{self.tenant}/{path}"


class Flink(Section):
    """Where the cluster is."""

    SECTION: ClassVar[str] = "flink"

    rest_url: Url = Field("http://127.0.0.1:8081", pattern=r"^https?://.+")


class Warehouse(Section):
    """Where Parquet lies."""

    SECTION: ClassVar[str] = "warehouse"

    folder: CheckoutPath = Path("var/warehouse")


class Campaigns(Section):
    """Where the campaigns' files lie, and the shop's own rules that they name."""

    SECTION: ClassVar[str] = "campaigns"

    folder: CheckoutPath = Path("campaigns")
    rules: CheckoutPath = Path("rules")


class Prices(Section):
    """Where the price rules' files lie."""

    SECTION: ClassVar[str] = "prices"

    folder: CheckoutPath = Path("prices")


class Models(Section):
    """Where trained models lie."""

    SECTION: ClassVar[str] = "models"

    folder: CheckoutPath = Path("var/models")


class Subscribers(Section):
    """How every service on the subscriber library retries, groups and remembers."""

    SECTION: ClassVar[str] = "subscribers"

    # With these delays the eighth attempt is 15 to 25 s after the first: longer than a restart of what it needs.
    attempts: int = Field(8, ge=1, le=1_000)
    retry_first: Duration = parse("200 ms")
    retry_most: Duration = parse("30 s")
    # A commit is one flush to the disk, about 2 ms: alone, a service would handle 500 messages a second.
    group: int = Field(100, ge=1, le=10_000)
    # Messages of a lane in a row while one of a lower lane waits.
    most_in_a_row: int = Field(20, ge=1)
    # Waiting for their next attempt, or behind one that does; then nothing new is received.
    most_held: int = Field(1_000, ge=1)
    # A bug must not drain the stream into quarantine: the service stops when so many failed and none succeeded.
    most_undelivered_in_a_row: int = Field(20, ge=1)
    # A message that comes again later than this has its effect again.
    remember: Duration = parse("90 d")


class Services(Section):
    """The services that start from the subscriber library: inventory, payment, marketing, membership."""

    SECTION: ClassVar[str] = "services"

    # {service} stands for the name; the four may also share one, such as postgresql://host/shop.
    database: str = Field("sqlite:var/services/{service}.db", pattern=r"^(sqlite:.|postgres(ql)?://.).*")
    # Pieces of a product that an order names before anybody has stocked it.
    first_stock: int = Field(1_000, ge=0)
    # What a red envelope wins that names no product.
    prize: str = Field("red-envelope", min_length=1)
    points_per_claim: int = Field(50, ge=0)
    # Spent for one point, in minor units of whichever currency.
    minor_per_point: int = Field(100, ge=1)


class Pressure(Section):
    """From which lag the system is pressed or overloaded, and how often the watcher looks (docs/ingest.md)."""

    SECTION: ClassVar[str] = "pressure"

    # Whether `hongbao up` starts a watcher; without it some supervisor must run `hongbao watch-pressure`.
    watched: bool = True
    # A look is one request a partition, and one more where a reader is behind.
    every: Duration = Field(timedelta(seconds=2), ge=timedelta(milliseconds=100))
    # Subscriptions that must keep up, each on every topic of clicks that it reads; coupons_vip where VIPs are apart.
    readers: Names = Field(("coupons", "coupons_vip", "landing", "conversion"), min_length=1)
    # Five times a coupon's second. A job's restart presses, its checkpoint does not.
    pressed_from: Duration = Field(timedelta(seconds=5), gt=timedelta(0))
    pressed_until: Duration = Field(timedelta(seconds=2), gt=timedelta(0))
    # Longer than a TaskManager's death needs to be caught up with.
    overloaded_from: Duration = Field(timedelta(seconds=60), gt=timedelta(0))
    overloaded_until: Duration = Field(timedelta(seconds=20), gt=timedelta(0))
    # Below it for so long before a level ends: else what was deferred comes back into the same peak.
    calm_for: Duration = Field(timedelta(seconds=15), ge=timedelta(0))
    # A signal that is older says nothing.
    stale_after: Duration = Field(timedelta(seconds=15), gt=timedelta(0))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.pressed_until <= self.pressed_from <= self.overloaded_from:
            raise ValueError("pressed_until must not be above pressed_from, nor that above overloaded_from")
        if not self.pressed_until <= self.overloaded_until <= self.overloaded_from:
            raise ValueError("overloaded_until must be between pressed_until and overloaded_from")
        if self.stale_after < 2 * self.every:
            raise ValueError("stale_after must be at least twice every: one look may fail")
        return self


class Deferral(Section):
    """Which events may wait on a side topic, and from which level on: none unless this says so (docs/ingest.md)."""

    SECTION: ClassVar[str] = "deferral"

    when: Literal["never", "pressed", "overloaded"] = "never"
    # Of visitors who are not signed in.
    event_types: Names = Field(
        (
            "products_searched",
            "product_list_viewed",
            "product_list_filtered",
            "promotion_viewed",
            "product_clicked",
            "product_viewed",
        ),
        min_length=1,
    )
    # What is moved back must not be the next peak.
    move_per_second: int = Field(1_000, ge=1)


class Autoscale(Section):
    """How `hongbao autoscale` chooses how many slots the running jobs have."""

    SECTION: ClassVar[str] = "autoscale"

    # Where slots do not suffice for all, the first has them first.
    jobs: Names = Field(("coupons", "landing", "conversion"), min_length=1)
    floor: int = Field(1, ge=1, le=1024)
    # Never more than the clicks have partitions either.
    ceiling: int = Field(8, ge=1, le=1024)
    # Free at the rate that is seen; at the forecast's upper end, which has room in it.
    headroom: float = Field(0.15, ge=0, lt=1)
    ahead_headroom: float = Field(0.05, ge=0, lt=1)
    # Fewer slots must do for so much more traffic.
    hysteresis: float = Field(0.3, ge=0, le=1)
    up_cooldown: Duration = parse("1 min")
    down_cooldown: Duration = parse("30 min")
    # Weeks teach the weekday; earlier campaigns teach what a campaign does.
    history: Duration = parse("28 d")
    # What `hongbao bench capacity` measured; without it the points shipped with the code.
    points: CheckoutPath = Path("var/bench.json")

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.floor > self.ceiling:
            raise ValueError(f"floor must be at most ceiling, got {self.floor} and {self.ceiling}")
        return self
