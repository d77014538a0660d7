"""Look for what would go wrong here, a line a finding: what it is, what was found, what to do."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from errors import HongbaoError
from schemas.topics import NAMESPACES
from settings import Flink, Pulsar, Stack, read
from settings.reader import ROOT
from stack import cluster, jars, java, zookeeper
from stack.processes import Service, check_port_free
from stack.pulsar_admin import PulsarAdmin

# What was tried together (docs/decisions.md).
PYTHON_PACKAGES = {"apache-flink": "1.20.5", "pulsar-client": "3.13.0", "pyarrow": "20.0.0", "duckdb": "2.0.0"}
MEMORY_MB = 4096
AUTOGROUP = Path("/proc/sys/kernel/sched_autogroup_enabled")


@dataclass(frozen=True)
class Finding:
    what: str
    well: bool
    found: str
    advice: str = ""

    @property
    def sentence(self) -> str:
        return f"{'ok ' if self.well else 'BAD'} {self.what}: {self.found}" + ("" if self.well else f"; {self.advice}")


def examine() -> list[Finding]:
    """Everything that can be looked at without starting anything."""
    return [*_versions(), *_jars(), *_memory(), *_scheduler(), *_ports(), *_broker()]


def _versions() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:2]))
    yield Finding("Python", python == "3.11", python, "PyFlink 1.20 needs 3.11: make install with python3.11")
    for what, major, advice in (
        ("Java", java.major(), java.ADVICE),
        ("JAVA_HOME", java.home_major(), java.HOME_ADVICE),
    ):
        yield Finding(what, major == java.WANTED, major or "none that runs", advice)
    for package, wanted in PYTHON_PACKAGES.items():
        found = _version(package)
        yield Finding(package, found == wanted, found, f"run make install; {wanted} was tested")
    flink = sorted(path.name for path in jars.flink_home().glob("lib/flink-dist-*.jar"))
    expected = [f"flink-dist-{PYTHON_PACKAGES['apache-flink']}.jar"]
    yield Finding("Flink distribution", flink == expected, ", ".join(flink) or "none", "run make install")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _jars() -> Iterator[Finding]:
    missing = jars.missing()
    found = f"{len(missing)} missing, the first {missing[0].name}" if missing else "all there"
    yield Finding("jars", not missing, found, "run make install")
    lib = read(Stack).folder / "lib"
    if lib.exists():
        broken = [link.name for link in lib.iterdir() if not link.exists()]
        python = any(link.name.startswith("flink-python") for link in lib.iterdir())
        well = not broken and python
        state = "all links lead somewhere" if well else f"broken: {', '.join(broken) or 'no flink-python jar'}"
        yield Finding("cluster's lib folder", well, state, "hongbao down, then hongbao up makes it anew")


def _memory() -> Iterator[Finding]:
    running = any(service.process() for service in _services())
    free_mb = psutil.virtual_memory().available // 2**20
    yield Finding(
        "memory", running or free_mb >= MEMORY_MB, f"{free_mb} MB free", f"stop something; {MEMORY_MB} MB are needed"
    )
    disk_mb = shutil.disk_usage(ROOT).free // 2**20
    yield Finding("disk", disk_mb >= MEMORY_MB, f"{disk_mb} MB free", f"make room; {MEMORY_MB} MB are needed")


def _scheduler() -> Iterator[Finding]:
    """Said and not held against the machine: it matters where every core is taken, and is root's to set."""
    if not AUTOGROUP.exists():
        return
    on = AUTOGROUP.read_text(encoding="ascii").strip() != "0"
    sooner = "on; with sysctl kernel.sched_autogroup_enabled=0 a sale's coupons come sooner (docs/performance.md)"
    yield Finding("sched_autogroup", True, sooner if on else "off")


def _ports() -> Iterator[Finding]:
    stack, pulsar, flink = read(Stack), read(Pulsar), read(Flink)
    broker, leader, inside = Service("broker", stack.folder), cluster.jobmanager(stack), "internal_port in [stack]"
    hosts = urlsplit(pulsar.service_url).hostname, urlsplit(flink.rest_url).hostname
    broker_port = ("broker port", pulsar.service_url, "service_url in [pulsar]", broker)
    if stack.broker_port:
        # What listens at service_url is then not the broker.
        broker_port = ("broker port", f"//{hosts[0]}:{stack.broker_port}", "broker_port in [stack]", broker)
    for what, url, setting, service in (
        broker_port,
        ("admin port", pulsar.admin_url, "admin_url in [pulsar]", broker),
        ("Flink port", flink.rest_url, "rest_url in [flink]", leader),
        ("BookKeeper port", f"//{hosts[0]}:{stack.internal_port}", inside, broker),
        ("Flink RPC port", f"//{hosts[1]}:{stack.internal_port + 1}", inside, leader),
        ("Flink blob port", f"//{hosts[1]}:{stack.internal_port + 2}", inside, leader),
        ("ZooKeeper port", f"//{zookeeper.address(stack, flink)}", inside, zookeeper.service(stack)),
    ):
        address = urlsplit(url)
        if service.process() is not None:
            yield Finding(what, True, f"{address.port}, ours")
            continue
        try:
            check_port_free(str(address.hostname), address.port or 0, setting)
            yield Finding(what, True, f"{address.port}, free")
        except HongbaoError as error:
            yield Finding(what, False, str(error).split(";")[0], str(error).partition("; ")[2])


def _broker() -> Iterator[Finding]:
    pulsar = read(Pulsar)
    with PulsarAdmin(pulsar.admin_url) as admin:
        if not admin.healthy():
            yield Finding("broker", True, "down; hongbao up starts it")
            return
        on = admin.get("/brokers/configuration/runtime").get("brokerDeduplicationEnabled") == "true"
        yield Finding(
            "broker deduplication", on, "on" if on else "off", "set brokerDeduplicationEnabled=true: retries double"
        )
        for namespace in NAMESPACES:
            policy = admin.call(
                "GET", f"/namespaces/{pulsar.tenant}/{namespace}/schemaCompatibilityStrategy", accept=(404,)
            )
            found = str(policy.json()) if policy.status_code == 200 else "no such namespace"
            yield Finding(
                f"schema policy of {namespace}", found == "FULL_TRANSITIVE", found, "hongbao up sets FULL_TRANSITIVE"
            )
            own = admin.call("GET", f"/namespaces/{pulsar.tenant}/{namespace}/deduplication", accept=(404,))
            off = own.status_code == 200 and own.text == "false"
            yield Finding(
                f"deduplication of {namespace}", not off, "off" if off else "as the broker", "remove the policy"
            )


def _services() -> list[Service]:
    stack = read(Stack)
    return [Service("broker", stack.folder), cluster.jobmanager(stack), *cluster.taskmanagers(stack)]
