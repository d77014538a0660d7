"""Run a whole Pulsar on this machine: broker, bookie and metadata in one process, from released jars."""

from pathlib import Path
from urllib.parse import urlsplit

from settings import Pulsar, Stack
from stack import jars, journal
from stack.processes import Service, check_port_free, wait_until
from stack.pulsar_admin import PulsarAdmin

# What Java 17 keeps from Netty and BookKeeper unless told.
OPENS = (
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.platform",
    "java.base/jdk.internal.util.random",
    "java.base/java.lang",
    "java.base/java.nio",
    "java.base/java.util.zip",
    "java.base/sun.net",
    "java.management/sun.management",
    "jdk.management/com.sun.management.internal",
)
START_S = 120.0

CONF = """\
clusterName=standalone
brokerServicePort={broker_port}
webServicePort={admin_port}
bindAddress={host}
advertisedAddress={host}
# A producer's retry of a message it has sent is dropped, by producer name and sequence id.
brokerDeduplicationEnabled={deduplication}
# The rule on event time needs a clock that no publisher sets.
brokerEntryMetadataInterceptors=org.apache.pulsar.common.intercept.AppendBrokerTimestampMetadataInterceptor
exposingBrokerEntryMetadataToClientEnabled=true
# One bookie here.
managedLedgerDefaultEnsembleSize=1
managedLedgerDefaultWriteQuorum=1
managedLedgerDefaultAckQuorum=1
# Topics are made by `hongbao up`, with partitions and a schema; a typing error must not make another.
allowAutoTopicCreation=false
loadBalancerEnabled=false
# A new subscription can replay three days, up to 2 GB a namespace.
defaultRetentionTimeInMinutes=4320
defaultRetentionSizeInMB=2048
# A quota that a forgotten subscription fills must not stop the publishers of a shop.
backlogQuotaDefaultLimitBytes=-1
# A service that takes a partition over begins at once, by default after a second. What the one before had not
# acknowledged yet comes again, and the inbox knows it.
activeConsumerFailoverDelayTimeMillis=0
# Journal entries reach the disk before they are acknowledged; grouped, so that many share one flush.
journalSyncData=true
journalMaxGroupWaitMSec=1
# Written over, not grown (FilledJournals.java). Each is filled while the one before is in use: half a minute at
# 25,000 events/s.
journalChannelProvider=dev.hongbao.broker.FilledJournals
journalMaxSizeMB=64
diskUsageThreshold=0.99
diskUsageWarnThreshold=0.98
"""
# A lookup answers with where clients are to go. The last value of a key counts, and both kinds at once are refused.
ELSEWHERE = """\
advertisedAddress=
advertisedListeners=clients:{service_url},clients:{admin_url}
internalListenerName=clients
"""


def start(stack: Stack, pulsar: Pulsar) -> None:
    """Start the broker unless it runs; returns at once (see `wait`)."""
    service = Service("broker", stack.folder)
    if service.process() is not None:
        return
    broker, admin = urlsplit(pulsar.service_url), urlsplit(pulsar.admin_url)
    host, broker_port, admin_port = str(broker.hostname), broker.port or 0, admin.port or 0
    if stack.broker_port:
        broker_port = stack.broker_port
    check_port_free(host, broker_port, "broker_port in [stack]" if stack.broker_port else "service_url in [pulsar]")
    check_port_free(host, admin_port, "admin_url in [pulsar]")
    folder = stack.folder / "pulsar"
    folder.mkdir(parents=True, exist_ok=True)
    journal.mend(folder)
    conf = folder / "standalone.conf"
    conf.write_text(
        CONF.format(
            host=host,
            broker_port=broker_port,
            admin_port=admin_port,
            deduplication=str(stack.broker_deduplication).lower(),
        ),
        encoding="utf-8",
    )
    if stack.broker_port:
        with conf.open("a", encoding="utf-8") as more:
            more.write(ELSEWHERE.format(service_url=pulsar.service_url, admin_url=pulsar.admin_url))
    service.start(_command(stack, folder, conf))


def wait(stack: Stack, pulsar: Pulsar) -> None:
    """Return when the broker has published and read a message of its own health check."""
    with PulsarAdmin(pulsar.admin_url) as admin:
        wait_until("the broker", admin.healthy, START_S, [Service("broker", stack.folder)])


def _command(stack: Stack, folder: Path, conf: Path) -> list[str]:
    return [
        "java",
        *jars.compiler(stack),
        jars.HUGE_PAGES,
        jars.temporary_files(stack),
        f"-Xmx{stack.broker_memory_mb}m",
        # Dead is better than half alive: the supervisor starts it again.
        "-XX:+ExitOnOutOfMemoryError",
        f"-XX:MaxDirectMemorySize={stack.broker_memory_mb}m",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-Dio.netty.leakDetectionLevel=disabled",
        f"-Dlog4j2.configurationFile={Path(__file__).parent / 'broker-log4j2.properties'}",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENS),
        "-cp",
        jars.broker_classpath(),
        "dev.hongbao.broker.Broker",
        "--config",
        str(conf),
        "--no-functions-worker",
        "--no-stream-storage",
        "--metadata-dir",
        str(folder / "metadata"),
        "--bookkeeper-dir",
        str(folder / "bookkeeper"),
        "--bookkeeper-port",
        str(stack.internal_port),
    ]
