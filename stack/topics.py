"""Make the tenant, its namespaces with their policies, the topics and their schemas; again and again if need be."""

from schemas import registry
from schemas.topics import CAMPAIGNS, CLICKS, DEFERRED, NAMESPACES, OFFER_MODELS, PRESSURE, TOPICS, UNDELIVERED
from settings import Pulsar
from stack.pulsar_admin import PulsarAdmin

CONFLICT = 409
# Who reads the clicks. A subscription that exists keeps what is published before its job starts.
READERS = ("coupons", "landing", "conversion")
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
            partitions = pulsar.click_partitions if topic in (CLICKS, DEFERRED) else topic.partitions
            path = f"/persistent/{pulsar.tenant}/{topic.path}"
            admin.call("PUT", f"{path}/partitions", partitions, accept=(CONFLICT,))
        # Every version for ever, a reader of the newest ones compacted: they are few and small, and the job needs them.
        for topic in (CAMPAIGNS, OFFER_MODELS):
            versions = f"/namespaces/{pulsar.tenant}/{topic.path.split('/')[0]}"
            admin.call("POST", f"{versions}/retention", {"retentionTimeInMinutes": -1, "retentionSizeInMB": -1})
            admin.call("PUT", f"{versions}/compactionThreshold", COMPACTION_BYTES)
        control = f"/namespaces/{pulsar.tenant}/{PRESSURE.path.split('/')[0]}"
        admin.call("POST", f"{control}/retention", SIGNALS_KEPT)
        for topic, reader in (*((CLICKS, reader) for reader in READERS), (UNDELIVERED, REVIEW), (DEFERRED, MOVER)):
            path = f"/persistent/{pulsar.tenant}/{topic.path}/subscription/{reader}"
            admin.call("PUT", path, "earliest", accept=(CONFLICT,))
    registry.register(pulsar)
