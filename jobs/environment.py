"""Make the Flink environment that every job here runs in."""

import importlib
import json
import os
import sys
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

import cloudpickle
from pydantic import Field
from pyflink.common import Configuration
from pyflink.datastream import SlotSharingGroup, StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import StatementSet, StreamTableEnvironment

import schemas
from schemas import Contract
from schemas.topics import CLICKS
from settings import Flink, Stack, read
from settings.duration import Duration
from settings.sections import Section
from stack.cluster import MANAGED_MB, POOL

# A job that asks for longer after its first failure waits that long after each.
MOST_RESTART_AFTER = timedelta(seconds=10)


class JobSection(Section):
    """The knobs that every job has; each job adds its own."""

    # Subtasks of each operator; more than the topic has partitions is refused at submission.
    parallelism: int = Field(2, ge=1, le=1024)
    checkpoint_interval: Duration = Field(timedelta(seconds=10), ge=timedelta(milliseconds=100))
    # Between operators; a thread a task wakes up this often.
    buffer_timeout: Duration = Field(timedelta(milliseconds=100), ge=timedelta(milliseconds=1))
    # How long an event may wait in the source for company; a thread a partition wakes up this often.
    fetch_wait: Duration = Field(timedelta(milliseconds=200), ge=timedelta(milliseconds=1))
    # Of the job's threads where jobs share a TaskManager: 0 is urgent, 19 runs when nobody else wants to.
    niceness: int = Field(0, ge=0, le=19)
    # After its first failure; after more of them it waits longer and longer. Flink's default is 1 s; a killed
    # TaskManager must be forgotten within a coupon's patience.
    restart_after: Duration = Field(timedelta(milliseconds=500), ge=timedelta(milliseconds=1), le=timedelta(minutes=1))
    # `stock` is the connector's own, which loses the rest of a half-read batch when it restores: for drills' controls.
    source: Literal["batch-safe", "stock"] = "batch-safe"
    # How long an event id is remembered: a repeat within it is dropped.
    duplicate_horizon: Duration = Field(timedelta(hours=1), ge=timedelta(0))
    # Where the broker no longer has what follows a checkpoint's position: stop, or go on from the earliest there is.
    missing_position: Literal["fail", "earliest"] = "fail"
    # What a click's event time may be: `any` takes the contract's bound on the future away, and one publisher whose
    # clock is ahead makes everybody else's events late: for drills' controls.
    future: Literal["contract", "any"] = "contract"

    @property
    def clicks_options(self) -> dict[str, str]:
        """What every job tells the clicks connector."""
        return {
            "duplicate-horizon": milliseconds(self.duplicate_horizon),
            "fetch-wait": milliseconds(self.fetch_wait),
            "source": self.source,
            "niceness": str(self.niceness),
            "missing-position": self.missing_position,
            **({} if self.future == "contract" else {"schema": _unbounded(schemas.load(CLICKS.record))}),
        }


def _unbounded(contract: Contract) -> str:
    """The contract as text, with any time in the future allowed."""
    fields = [{key: rule for key, rule in field.items() if key != "max_ahead_ms"} for field in contract.fields]
    return json.dumps({**contract.definition, "fields": fields}, ensure_ascii=False)


def create(config: JobSection, name: str, pool: str = POOL) -> StreamTableEnvironment:
    """A streaming table environment: thread mode, UTC, checkpoints as configured.

    Where VIPs' coupons have a TaskManager to themselves, the job's slots are those of `pool`.
    """
    settings = Configuration()
    for key, value in {
        "pipeline.name": name,
        "parallelism.default": str(config.parallelism),
        # Room to rescale: key groups cannot be added later without losing keyed state.
        "pipeline.max-parallelism": "128",
        "pipeline.object-reuse": "true",
        "execution.checkpointing.interval": milliseconds(config.checkpoint_interval),
        # A checkpoint that stalls must not stack up behind itself.
        "execution.checkpointing.max-concurrent-checkpoints": "1",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.buffer-timeout.interval": milliseconds(config.buffer_timeout),
        # Without end: a disk may be full, or a broker away, for as long as it takes a person to come. A checkpoint
        # that fails restarts the job too (tolerable-failed-checkpoints is 0): its half-written files are begun anew.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": milliseconds(config.restart_after),
        "restart-strategy.exponential-delay.max-backoff": milliseconds(max(config.restart_after, MOST_RESTART_AFTER)),
        "python.execution-mode": "thread",
        # The embedded interpreter finds its packages through this one's path; a TaskManager has it at the same place.
        "python.executable": sys.executable,
        "table.local-time-zone": "UTC",
        # Our sinks take the newest row of a key; materializing every key in state would hold it twice.
        "table.exec.sink.upsert-materialize": "NONE",
    }.items():
        settings.set_string(key, value)
    if "HONGBAO_RESUME_FROM" in os.environ:
        settings.set_string("execution.state-recovery.path", os.environ["HONGBAO_RESUME_FROM"])
    carry_python()
    jobs = _cluster(settings)
    if read(Stack).vip_apart:
        jobs.register_slot_sharing_group(_slot(pool))
    return StreamTableEnvironment.create(jobs)


def _slot(pool: str) -> SlotSharingGroup:
    """What a slot asks for: a place in the pool. Of memory it asks for next to nothing: a JVM's slots share it."""
    slot = SlotSharingGroup.builder("default").set_cpu_cores(1.0).set_task_heap_memory_mb(1)
    return slot.set_managed_memory_mb(MANAGED_MB // read(Stack).slots).set_external_resource(pool, 1.0).build()


def carry_python() -> None:
    """Let each job carry the Python of this folder and of models, so that a TaskManager runs what was submitted.

    By name it would import what lies on the disk when it starts, and what lay there when it started.
    """
    for package in ("jobs", "model"):
        cloudpickle.register_pickle_by_value(importlib.import_module(package))


def _cluster(settings: Configuration) -> StreamExecutionEnvironment:
    """The cluster that `flink run` chose, else the one in [flink]."""
    if "PYFLINK_GATEWAY_PORT" in os.environ:
        return StreamExecutionEnvironment.get_execution_environment(settings)
    rest = urlsplit(read(Flink).rest_url)
    plan = os.environ.get("HONGBAO_PLAN")
    settings.set_string("execution.target", "remote" if plan is None else "hongbao-plan")
    if plan is not None:
        settings.set_string("hongbao.plan.file", plan)
    settings.set_string("execution.attached", "false")
    settings.set_string("rest.address", str(rest.hostname))
    settings.set_string("rest.port", str(rest.port))
    # get_execution_environment() ignores the target outside `flink run` and starts a cluster in this process.
    remote = get_gateway().jvm.org.apache.flink.streaming.api.environment.StreamExecutionEnvironment
    return StreamExecutionEnvironment(remote(settings._j_configuration))


def start(job: StatementSet) -> str:
    """Submit the job and give its id; `flink run` and `hongbao submit` both come through here."""
    client = job.execute().get_job_client()
    assert client is not None  # an INSERT always has one
    return str(client.get_job_id())


def milliseconds(duration: timedelta) -> str:
    """The duration as Flink writes it in an option."""
    return f"{whole_ms(duration)} ms"


def whole_ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
