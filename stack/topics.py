"""Make the tenant, its namespaces with their policies, the topics and their schemas; again and again if need be."""

from collections.abc import Iterable

from schemas import registry
from schemas.topics import (
    CAMPAIGNS,
    CLICK_TOPICS,
    CLICKS,
    CLICKS_VIP,
    COUPONS,
    DEFERRED,
    NAMESPACES,
    OFFER_MODELS,
    PRESSURE,
    TOPICS,
    UNDELIVERED,
    Topic,
)
from settings import Pulsar, Stack, read
from stack.pulsar_admin import PulsarAdmin

CONFLICT = 409
# Decides VIPs' coupons where there is a TaskManager for it.
VIP_JOB = "coupons_vip"
# Who reads the clicks. A subscription that exists keeps what is published before its job starts.
READERS: dict[Topic, tuple[str, ...]] = {
    CLICKS: ("coupons", "landing", "conversion"),
    CLICKS_VIP: (VIP_JOB, "landing", "conversion"),
}
# Who reads a topic in another's stead where there is no TaskManager for it.
INSTEAD = {VIP_JOB: "coupons"}
# Holds what a service could not handle until somebody has looked; retention alone would forget it after three days.
REVIEW = "review"
# Holds deferred events until `hongbao drain-deferred` has moved them.
MOVER = "mover"
# The broker compacts a topic once its backlog for compaction is as large.
COMPACTION_BYTES = 100_000
# Nobody asks for a signal of yesterday.
SIGNALS_KEPT = {"retentionTimeInMinutes": 60, "retentionSizeInMB": 16}


def create(pulsar: Pulsar) -> None:
    """Bring the broker to what schemas/topics.py says; what is there already stays as it is."""
    with PulsarAdmin(pulsar.admin_url) as admin:
        clusters = admin.get("/clusters")
        tenant = {"allowedClusters": clusters, "adminRoles": []}
        admin.call("PUT", f"/tenants/{pulsar.tenant}", tenant, accept=(CONFLICT,))
        for namespace in NAMESPACES:
            path = f"/namespaces/{pulsar.tenant}/{namespace}"
            admin.call("PUT", path, accept=(CONFLICT,))
            # Old and new publishers and readers are all at work during a sale: any two versions must fit.
            admin.call("PUT", f"{path}/schemaCompatibilityStrategy", "FULL_TRANSITIVE")
            # A publisher without a schema is turned away instead of filling the quarantine …
            admin.call("POST", f"{path}/schemaValidationEnforced", body=True)
            # … and so is one with a schema nobody registered.
            admin.call("POST", f"{path}/isAllowAutoUpdateSchema", body=False)
        for topic in TOPICS:
            partitions = pulsar.click_partitions if topic in (*CLICK_TOPICS, DEFERRED) else topic.partitions
            path = f"/persistent/{pulsar.tenant}/{topic.path}"
            if admin.call("PUT", f"{path}/partitions", partitions, accept=(CONFLICT,)).status_code == CONFLICT:
                _widen(admin, path, topic, partitions)
        # Every version for ever, a reader of the newest ones compacted: they are few and small, and the job needs them.
        for topic in (CAMPAIGNS, OFFER_MODELS):
            versions = f"/namespaces/{pulsar.tenant}/{topic.path.split('/')[0]}"
            admin.call("POST", f"{versions}/retention", {"retentionTimeInMinutes": -1, "retentionSizeInMB": -1})
            admin.call("PUT", f"{versions}/compactionThreshold", COMPACTION_BYTES)
        control = f"/namespaces/{pulsar.tenant}/{PRESSURE.path.split('/')[0]}"
        admin.call("POST", f"{control}/retention", SIGNALS_KEPT)
        clicks = [(topic, reader) for topic in READERS for reader in readers(topic)]
        for topic, reader in (*clicks, (UNDELIVERED, REVIEW), (DEFERRED, MOVER)):
            path = f"/persistent/{pulsar.tenant}/{topic.path}/subscription/{reader}"
            admin.call("PUT", path, "earliest", accept=(CONFLICT,))
    registry.register(pulsar)


def _widen(admin: PulsarAdmin, path: str, topic: Topic, partitions: int) -> None:
    """Give the coupons' topic of an older stack the VIPs' partition; any other's keys would move."""
    if topic == COUPONS and admin.get(f"{path}/partitions")["partitions"] < partitions:
        admin.call("POST", f"{path}/partitions", partitions)


def read_by(job: str) -> list[Topic]:
    """The topics of clicks that a job reads; a job of the user's own reads them all."""
    return [topic for topic in READERS if job in readers(topic)] or list(CLICK_TOPICS)


def jobs() -> tuple[str, ...]:
    """The jobs that read clicks on this stack."""
    return tuple(dict.fromkeys(reader for topic in READERS for reader in readers(topic)))


def readers(topic: Topic) -> tuple[str, ...]:
    """The jobs that read this topic of clicks on this stack."""
    apart = read(Stack).vip_apart
    return READERS[topic] if apart else tuple(INSTEAD.get(reader, reader) for reader in READERS[topic])


def readers_among(topic: Topic, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the subscriptions that read this topic of clicks; one that is no job of this project reads them all."""
    jobs_of_ours = {reader for of_topic in READERS.values() for reader in of_topic}
    return tuple(name for name in names if name in readers(topic) or name not in jobs_of_ours)


def backlog(admin: PulsarAdmin, pulsar: Pulsar, job: str) -> int:
    """Clicks that the job has not acknowledged, over all the topics it reads."""
    return sum(admin.backlog(pulsar.topic(topic.path), job) for topic in read_by(job))
