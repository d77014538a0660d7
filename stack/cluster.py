"""Run a Flink session cluster on this machine, from the distribution in the apache-flink wheel."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from settings import Flink, Stack
from settings.reader import ROOT
from stack import ended_jobs, jars, job_results, zookeeper
from stack.flink_rest import FlinkRest
from stack.processes import Service, check_port_free, wait_until

# A bound, not what it takes: 15 s alone, more than 60 with three other stacks on the same two cores.
START_S = 120.0
# On two cores G1's barriers and concurrent threads took a third of one, Shenandoah's half of one. Serial's pauses are
# as long as the young generation is large: 600 ms with half of the heap, 70 ms with this (docs/performance.md).
JVM = ("java", "-XX:+UseSerialGC", "-Xmn160m", "-XX:MaxTenuringThreshold=3", "-XX:MetaspaceSize=256m", jars.HUGE_PAGES)
# It coordinates; coupons go first.
LEADER_JVM = ("nice", "-n", "5", "java", "-XX:+UseSerialGC", "-XX:MetaspaceSize=256m")
# Flink's default. A TaskManager that stalls past its session's time-out before there is a leader, on a machine that
# starts everything at once, never hears of one (1.20.5; with the JobManager's 6 s, a stall of 9 s did it).
WORKER = ("-Dhigh-availability.zookeeper.client.session-timeout=60000",)

# Flink's, with Python started ahead.
WORKER_MAIN = "dev.hongbao.connector.TaskManager"

# The two kinds of TaskManagers. Flink 1.20 has no other way to send a session cluster's job to one of them: its slots
# ask for an external resource that only those have; nothing stands behind the name.
POOL, VIP_POOL = "shared", "vip"
# Off-heap, network, managed, metaspace and overhead, as in CONF.
MANAGED_MB = 32
TASKMANAGER_BESIDES_HEAP_MB = 128 + 192 + 192 + MANAGED_MB + 384 + 256
# The VIPs' has one slot and few events: smaller buffers, and a young generation whose pauses nobody notices.
VIP = "taskmanager-vip"
VIP_NETWORK_MB, VIP_OFF_HEAP_MB = 64, 64
VIP_BESIDES_HEAP_MB = TASKMANAGER_BESIDES_HEAP_MB - (192 - VIP_NETWORK_MB) - (192 - VIP_OFF_HEAP_MB)
VIP_YOUNG = "-Xmn64m"
# What stands beside the VIPs' TaskManager gives way to it, and to the broker that both need. Linux weighs threads, not
# processes: at 5 a dozen busy ones still had most of the cores (VIPs' p99 3,677 ms in a flood).
NICENESS = 10

# Flink's YAML is flat here: one key a line, as its documentation writes them.
CONF = """\
env.java.opts.all: {java_options}
rest.address: {host}
rest.bind-address: {host}
rest.port: {rest_port}
jobmanager.rpc.address: {host}
jobmanager.bind-host: {host}
jobmanager.rpc.port: {rpc_port}
blob.server.port: {blob_port}
taskmanager.host: {host}
taskmanager.bind-host: {host}
taskmanager.numberOfTaskSlots: {slots}
taskmanager.cpu.cores: {slots}
# What a slot asks for besides memory, so that a job comes to the TaskManagers that are meant for it.
external-resources: {pool}
external-resource.{pool}.amount: {slots}
# A TaskManager started without Flink's scripts wants every part of its memory named.
taskmanager.memory.task.heap.size: {task_heap_mb}m
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
# The Pulsar clients' buffers.
taskmanager.memory.task.off-heap.size: 192m
taskmanager.memory.network.min: 192m
taskmanager.memory.network.max: 192m
# State is on the heap; RocksDB and batch jobs, which would need this, are not used.
taskmanager.memory.managed.size: {managed_mb}m
taskmanager.memory.jvm-metaspace.size: 384m
taskmanager.memory.jvm-overhead.min: 256m
taskmanager.memory.jvm-overhead.max: 256m
execution.checkpointing.dir: {folder}/checkpoints
execution.checkpointing.savepoint-dir: {folder}/savepoints
# The newest three: an upgrade or a repair may need one before the last.
execution.checkpointing.num-retained: 3
# A new JobManager takes over the jobs of one that died, from their newest checkpoints; so does one after `down`.
high-availability.type: zookeeper
high-availability.storageDir: {folder}/ha
high-availability.zookeeper.quorum: {zookeeper}
high-availability.zookeeper.path.root: /hongbao
high-availability.jobmanager.port: {rpc_port}
# A dead JobManager is its job's leader for so long; default 60 s. Longer than the longest pause of one that lives.
high-availability.zookeeper.client.session-timeout: 6000
# ZooKeeper may be started again without the jobs noticing.
high-availability.zookeeper.client.tolerate-suspended-connections: true
high-availability.zookeeper.client.retry-wait: 500
high-availability.zookeeper.client.max-retry-attempts: 60
# How a job ended, for `hongbao status` when the JobManager that knew it is gone.
jobmanager.archive.fs.dir: {folder}/{history}
jobmanager.scheduler: {scheduler}
# For `adaptive`, which rescales at once with these: the command has a cooldown of its own.
jobmanager.adaptive-scheduler.scaling-interval.min: 1 s
heartbeat.interval: 1000
heartbeat.timeout: 8000
# Counters over REST are this old; the default of 10 s is longer than a demo's phases.
metrics.fetcher.update-interval: 1000
# A job's page, with the busy time of its tasks, is kept for so long; default 3 s.
web.refresh-interval: 1000
web.submit.enable: false
classloader.check-leaked-classloader: false
"""


def start(stack: Stack, flink: Flink, environment: dict[str, str]) -> None:
    """Start what does not run: one JobManager and the TaskManagers; returns at once (see `wait`)."""
    services = [jobmanager(stack), *taskmanagers(stack)]
    if all(service.process() is not None for service in services):
        return
    rest = urlsplit(flink.rest_url)
    if services[0].process() is None:
        check_port_free(str(rest.hostname), rest.port or 0, "rest_url in [flink]")
        job_results.mend(stack.folder / "flink" / "ha")
        jars.link_lib(stack.folder)
        _write_conf(stack, flink)
    for service, main, memory in _roles(stack, services):
        if service.process() is None:
            service.start(_command(stack, service.name, main, memory), {**client_environment(stack), **environment})


def wait(stack: Stack, flink: Flink) -> None:
    """Return when every TaskManager has registered with all its slots."""
    wanted = stack.taskmanagers * stack.slots + stack.vip_apart
    with FlinkRest(flink.rest_url) as rest:
        wait_until(
            "the Flink cluster",
            lambda: rest.slots() >= wanted,
            START_S,
            [jobmanager(stack), *taskmanagers(stack)],
        )


def jobmanager(stack: Stack) -> Service:
    return Service("jobmanager", stack.folder)


def taskmanagers(stack: Stack) -> list[Service]:
    """Those configured, and any started by an earlier, larger configuration."""
    left = {path.stem for path in (stack.folder / "run").glob("taskmanager-*.json")}
    names = {f"taskmanager-{number}" for number in range(1, stack.taskmanagers + 1)} | left
    if stack.vip_apart:
        names.add(VIP)
    return [Service(name, stack.folder) for name in sorted(names)]


def client_environment(stack: Stack) -> dict[str, str]:
    """What a process needs to submit to this cluster, `flink run` included, and the cluster to find Python."""
    # FLINK_HOME must be set for PyFlink to respect FLINK_LIB_DIR. PYTHONPATH is how the embedded interpreter of
    # thread mode, which knows nothing of virtual environments, finds PyFlink and our modules.
    site_packages = jars.flink_home().parent
    return {
        "FLINK_HOME": str(jars.flink_home()),
        "FLINK_LIB_DIR": str(stack.folder / "lib"),
        "FLINK_CONF_DIR": str(stack.folder / "flink" / "conf"),
        "FLINK_LOG_DIR": str(stack.folder / "log"),
        # Of what is said twice the last counts: the user's.
        "JVM_ARGS": f"{jars.LIGHTLY} {jars.temporary_files(stack)} {os.environ.get('JVM_ARGS', '')}".strip(),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(site_packages))),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }


def _roles(stack: Stack, services: list[Service]) -> list[tuple[Service, str, int]]:
    package = "org.apache.flink.runtime"
    first = (services[0], f"{package}.entrypoint.StandaloneSessionClusterEntrypoint", stack.jobmanager_memory_mb)
    memory_mb = {VIP: stack.vip_memory_mb}
    return [
        first,
        *((service, WORKER_MAIN, memory_mb.get(service.name, stack.taskmanager_memory_mb)) for service in services[1:]),
    ]


def _command(stack: Stack, name: str, main: str, memory_mb: int) -> list[str]:
    """The JVM, started directly: Flink's scripts start two more only to compute these numbers."""
    worker, vip = main == WORKER_MAIN, name == VIP
    heap_mb = memory_mb - (VIP_BESIDES_HEAP_MB if vip else TASKMANAGER_BESIDES_HEAP_MB if worker else 512)
    jvm = [VIP_YOUNG if vip and option.startswith("-Xmn") else option for option in (JVM if worker else LEADER_JVM)]
    return [
        *(("nice", "-n", str(NICENESS)) if worker and stack.vip_apart and not vip else ()),
        *jvm,
        *jars.compiler(stack),
        # Dead is better than half alive: the supervisor starts it again.
        "-XX:+ExitOnOutOfMemoryError",
        f"-Xmx{heap_mb}m",
        f"-Xms{heap_mb}m",
        "-XX:MaxDirectMemorySize=512m",
        "-XX:MaxMetaspaceSize=384m",
        f"-Xlog:gc:file={stack.folder / 'log' / name}-gc.log:time:filecount=2,filesize=5m",
        f"-Dlog4j.configurationFile={jars.LOG4J}",
        jars.temporary_files(stack),
        *jars.java_options(),
        *((f"-Dhongbao.python={sys.executable}",) if worker else ()),
        "-cp",
        f"{stack.folder / 'lib'}/*",
        main,
        "--configDir",
        str(stack.folder / "flink" / "conf"),
        *(WORKER if worker else ()),
        *(_vip_options(heap_mb) if vip else ()),
    ]


def _vip_options(heap_mb: int) -> list[str]:
    """What the VIPs' TaskManager has other than CONF says."""
    options = {
        "taskmanager.numberOfTaskSlots": 1,
        "taskmanager.cpu.cores": 1,
        "taskmanager.memory.task.heap.size": f"{heap_mb - 128}m",
        "taskmanager.memory.task.off-heap.size": f"{VIP_OFF_HEAP_MB}m",
        "taskmanager.memory.network.min": f"{VIP_NETWORK_MB}m",
        "taskmanager.memory.network.max": f"{VIP_NETWORK_MB}m",
        "external-resources": VIP_POOL,
        f"external-resource.{VIP_POOL}.amount": 1,
    }
    return [f"-D{key}={value}" for key, value in options.items()]


def _write_conf(stack: Stack, flink: Flink) -> None:
    conf = stack.folder / "flink" / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    (stack.folder / "flink" / ended_jobs.FOLDER).mkdir(exist_ok=True)
    ended_jobs.trim(stack.folder / "flink")
    rest = urlsplit(flink.rest_url)
    text = CONF.format(
        host=rest.hostname,
        rest_port=rest.port or 0,
        rpc_port=stack.internal_port + 1,
        blob_port=stack.internal_port + 2,
        java_options=" ".join(jars.java_options()),
        folder=(stack.folder / "flink").as_uri(),
        history=ended_jobs.FOLDER,
        zookeeper=zookeeper.address(stack, flink),
        slots=stack.slots,
        scheduler=stack.scheduler,
        pool=POOL,
        managed_mb=MANAGED_MB,
        task_heap_mb=stack.taskmanager_memory_mb - TASKMANAGER_BESIDES_HEAP_MB - 128,
    )
    (conf / "config.yaml").write_text(text, encoding="utf-8")
    (conf / "log4j-cli.properties").write_text(jars.LOG4J.read_text(encoding="utf-8"), encoding="utf-8")
