"""The sections that are not one job's own. Defaults here are the reference manual."""

from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from settings.duration import Duration, parse
from settings.reader import ROOT


class Section(BaseModel):
    """A section of hongbao.toml: frozen, and a wrong key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _one_address(url: str) -> str:
    try:
        found = urlsplit(url)
        # Without a port each client would choose another.
        if found.hostname and found.port:
            return url
    except ValueError:
        pass  # a port that is no number, or above 65535
    raise ValueError("it must name one host and its port, such as 127.0.0.1:8080")


# A relative path means: in the checkout, wherever the command was called.
CheckoutPath = Annotated[Path, AfterValidator(lambda path: path if path.is_absolute() else ROOT / path)]
Url = Annotated[str, AfterValidator(_one_address)]


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
    # Compile once and lightly, for a stack that lives for minutes. In a burst that starts cold the optimizing compiler
    # takes a quarter of the TaskManager's time. (p99 735 ms with it, 586 ms without: one run each, within the noise.)
    quick_start: bool = False
    # Where the broker listens when clients reach it at [pulsar] service_url through something else, such as a proxy;
    # 0: at service_url itself.
    broker_port: int = Field(0, ge=0, le=65535)
    # A process that has answered nothing for so long is killed and started again; one that starts has four times that.
    # Longer than a pause that mends itself: the drills freeze a broker for 20 s.
    hung_after: Duration = parse("45 s")


class Pulsar(Section):
    """Where the broker is and how topics are laid out."""

    SECTION: ClassVar[str] = "pulsar"

    service_url: Url = Field("pulsar://127.0.0.1:6650", pattern=r"^pulsar(\+ssl)?://.+")
    admin_url: Url = Field("http://127.0.0.1:8080", pattern=r"^https?://.+")
    tenant: str = Field("hongbao", pattern=r"^[a-z0-9-]+$")
    # Eight keep a later growth to eight subtasks open without a new topic; two cores do not need more.
    click_partitions: int = Field(8, ge=1, le=1024)

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
