"""The sections that are not one job's own. Defaults here are the reference manual."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from settings.reader import ROOT


class Section(BaseModel):
    """A section of hongbao.toml: frozen, and a wrong key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


# A relative path means: in the checkout, wherever the command was called.
CheckoutPath = Annotated[Path, AfterValidator(lambda path: path if path.is_absolute() else ROOT / path)]
Port = Annotated[int, Field(ge=1024, le=65535)]


class Stack(Section):
    """The Pulsar and Flink that `hongbao up` runs on this machine, on the ports that [pulsar] and [flink] name."""

    SECTION: ClassVar[str] = "stack"

    # Everything the stack writes: data, logs, pid files, links to jars.
    folder: CheckoutPath = Path("var")
    # BookKeeper and Flink's RPC, blob and metrics services take the ports from here on.
    internal_port: Port = 16650
    broker_memory_mb: int = Field(768, ge=256)
    jobmanager_memory_mb: int = Field(1024, ge=768)
    taskmanager_memory_mb: int = Field(3072, ge=1024)
    taskmanagers: int = Field(1, ge=1, le=64)
    slots: int = Field(6, ge=1, le=64)
    # Compile once and lightly, for a stack that lives for minutes. In a burst that starts cold the optimizing compiler
    # takes a quarter of the TaskManager's time: coupons' p99 was 735 ms with it, 586 ms without. Later it pays off.
    quick_start: bool = False


class Pulsar(Section):
    """Where the broker is and how topics are laid out."""

    SECTION: ClassVar[str] = "pulsar"

    service_url: str = Field("pulsar://127.0.0.1:6650", pattern=r"^pulsar(\+ssl)?://.+")
    admin_url: str = Field("http://127.0.0.1:8080", pattern=r"^https?://.+")
    tenant: str = Field("hongbao", pattern=r"^[a-z0-9-]+$")
    # Eight keep a later growth to eight subtasks open without a new topic; two cores do not need more.
    click_partitions: int = Field(8, ge=1, le=1024)

    def topic(self, path: str) -> str:
        """The full name of `namespace/topic`, such as `events/clicks`."""
        return f"persistent://{self.tenant}/{path}"


class Flink(Section):
    """Where the cluster is."""

    SECTION: ClassVar[str] = "flink"

    rest_url: str = Field("http://127.0.0.1:8081", pattern=r"^https?://.+")


class Warehouse(Section):
    """Where Parquet lies."""

    SECTION: ClassVar[str] = "warehouse"

    folder: CheckoutPath = Path("var/warehouse")
