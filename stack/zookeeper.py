"""Run the ZooKeeper inside Flink's distribution: where a new JobManager finds the jobs of one that died."""

from urllib.parse import urlsplit

from settings import Flink, Stack
from stack import jars
from stack.processes import Service, check_port_free

MEMORY_MB = 64

CONF = """\
dataDir={folder}
clientPort={port}
clientPortAddress={host}
# A client's session times out after two of these at least.
tickTime=1000
maxSessionTimeout=60000
admin.enableServer=false
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
"""


def address(stack: Stack, flink: Flink) -> str:
    """host:port, after Flink's RPC and blob ports."""
    return f"{urlsplit(flink.rest_url).hostname}:{stack.internal_port + 3}"


def service(stack: Stack) -> Service:
    return Service("zookeeper", stack.folder)


def start(stack: Stack, flink: Flink) -> None:
    """Start unless it runs; returns at once, for Flink waits for it."""
    if service(stack).process() is not None:
        return
    host, _, port = address(stack, flink).partition(":")
    check_port_free(host, int(port), "internal_port in [stack]")
    folder = stack.folder / "zookeeper"
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "zoo.cfg"
    conf.write_text(CONF.format(folder=folder, host=host, port=port), encoding="utf-8")
    service(stack).start(
        [
            "java",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            f"-Xmx{MEMORY_MB}m",
            f"-Dlog4j.configurationFile={jars.LOG4J}",
            jars.temporary_files(stack),
            "-cp",
            jars.flink_classpath(),
            "org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.quorum.QuorumPeerMain",
            str(conf),
        ]
    )
