"""Every drill: the fault, the protection that must make it harmless, and what switches that protection off."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.definition import Campaign
from drills import clocks, disk, envelopes, faults, network, poison, redriving, upgrading
from drills.scene import Scene
from stack.cluster import VIP

# Recovery, in seconds from the fault until coupons are within a second again.
TASKMANAGER_S, OTHERS_S = 15.0, 45.0
DEDUPLICATION_OFF = {f"HONGBAO_{job}_DUPLICATE_HORIZON": "0 s" for job in ("COUPONS", "LANDING", "CONVERSION")}
ANY_FUTURE = {f"HONGBAO_{job}_FUTURE": "any" for job in ("COUPONS", "LANDING", "CONVERSION")}
STOCK_SOURCE = {f"HONGBAO_{job}_SOURCE": "stock" for job in ("COUPONS", "LANDING", "CONVERSION")}


@dataclass(frozen=True)
class Protection:
    """What a control switches off: settings of the jobs, the publisher's spool, the subscriber's inbox, or `state`.

    Without its state a job that is submitted again knows neither its position nor an event id.
    """

    name: str
    off: Mapping[str, str] = field(default_factory=dict)
    spool: bool = True
    inbox: bool = True
    state: bool = True


@dataclass(frozen=True)
class Drill:
    """`fault` is called in the middle of the load and returns when its harm is done; its control must fail.

    With `figures` the conversion job's answers are held against the landed events as well. `place` is entered with the
    drills' folder before the stack starts, and gives settings of it. The `campaign` is applied before the jobs
    start; `services` are those that the fault starts to do what its coupons promise.
    """

    what: str
    fault: Callable[[Scene], None]
    protection: Protection
    recovery_s: float
    figures: bool = False
    place: Callable[[Path], AbstractContextManager[Mapping[str, str]]] = lambda _: nullcontext({})
    campaign: Campaign | None = None
    services: Sequence[str] = ()


SOURCE = Protection("the batch-safe source", STOCK_SOURCE)
DEDUPLICATION = Protection("deduplication", DEDUPLICATION_OFF)
DEDUPLICATION_AT_THE_BROKER_TOO = Protection(
    "deduplication, the broker's included", {**DEDUPLICATION_OFF, "HONGBAO_STACK_BROKER_DEDUPLICATION": "false"}
)
SPOOL = Protection("the publisher's spool", spool=False)
INBOX = Protection("the subscriber's inbox", inbox=False)
STATE = Protection("the jobs' kept state", state=False)
READ_BACK = Protection("reading back what was issued", {"HONGBAO_COUPONS_READ_BACK": "false"})
ENVELOPES, ENVELOPES_OF_VIPS = (envelopes.CAMPAIGNS[name] for name in ("envelope-rain", "envelope-rain-vips"))
BOUND = Protection("the contract's bound on the future", ANY_FUTURE)

DRILLS: Mapping[str, Drill] = {
    "taskmanager-killed": Drill(
        "kill -9 of the TaskManager, three times", faults.kill_taskmanager_thrice, SOURCE, TASKMANAGER_S
    ),
    "jobmanager-killed": Drill("kill -9 of the JobManager", faults.kill("jobmanager"), DEDUPLICATION, OTHERS_S),
    "broker-killed": Drill("kill -9 of the broker", faults.kill("broker"), DEDUPLICATION, OTHERS_S),
    # What it was sent before and after the publisher lost patience, it reads all when it goes on.
    "broker-frozen": Drill(
        "the broker stopped for 20 s (SIGSTOP)", faults.freeze_broker, DEDUPLICATION_AT_THE_BROKER_TOO, OTHERS_S
    ),
    "broker-and-flink-killed": Drill(
        "kill -9 of broker, ZooKeeper, JobManager and TaskManager at once",
        faults.kill("broker", "zookeeper", "jobmanager", "taskmanager-1"),
        DEDUPLICATION,
        2 * OTHERS_S,
    ),
    "publisher-killed": Drill("kill -9 of the publisher, twice", faults.kill_publisher, SPOOL, OTHERS_S),
    "network-cut": Drill(
        "the network to the broker cut for 20 s with all connections closed, then for 20 s with all open and dead",
        network.cut,
        SPOOL,
        OTHERS_S,
        place=network.behind_proxy,
    ),
    "disk-full": Drill(
        "the disk under the warehouse full for 20 s", disk.fill, DEDUPLICATION, OTHERS_S, place=disk.small_disk
    ),
    "subscriber-killed": Drill(
        "kill -9 of a subscriber in the middle of an effect, five times", faults.kill_subscriber, INBOX, OTHERS_S
    ),
    "poison-flood": Drill(
        "more poison than events until the landing job stops, which then goes on", poison.flood, STATE, OTHERS_S
    ),
    "job-upgraded": Drill(
        "the landing and the coupons job upgraded under load", upgrading.upgrade_jobs, STATE, OTHERS_S
    ),
    "envelopes-killed": Drill(
        "kill -9 of the TaskManager three times, while red envelopes are claimed and as their stocks run out",
        envelopes.claim_and_kill(ENVELOPES, *3 * [(faults.TASKMANAGER,)]),
        READ_BACK,
        # A hundred claims a second and their services leave two cores little to catch up with: 25 s where the same kill
        # takes 12 without them.
        OTHERS_S,
        place=envelopes.with_services,
        campaign=ENVELOPES,
        services=envelopes.SERVICES,
    ),
    "vips-killed": Drill(
        "kill -9 of the VIPs' TaskManager three times, once with the others', while both claim red envelopes and as "
        "their stocks run out",
        envelopes.claim_and_kill(ENVELOPES_OF_VIPS, (VIP,), (VIP,), (VIP, faults.TASKMANAGER)),
        READ_BACK,
        # Two JVMs and two jobs that read back what they issued, on two cores with claims and services: 87 s.
        3 * OTHERS_S,
        place=envelopes.with_vips_apart,
        campaign=ENVELOPES_OF_VIPS,
        services=envelopes.SERVICES,
    ),
    "redrive": Drill("old dead letters redriven twice at once", redriving.redrive_twice, DEDUPLICATION, OTHERS_S),
    "clocks-wrong": Drill(
        "two more publishers, one an hour ahead and one an hour behind",
        clocks.wrong_clocks,
        BOUND,
        OTHERS_S,
        figures=True,
    ),
}
