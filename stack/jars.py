"""Find the jars: the broker's class path, and one lib folder of links for the cluster and every submission."""

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from errors import Prerequisite
from settings import Stack
from settings.reader import ROOT
from stack.processes import temporary

BROKER = ROOT / "stack" / "target" / "hongbao-broker.jar"
BROKER_CLASSPATH = ROOT / "stack" / "target" / "broker.classpath"
CONNECTOR = ROOT / "connector" / "target" / "hongbao-connector.jar"
LOG4J = ROOT / "stack" / "flink-log4j2.properties"
CONNECTOR_CLASSPATH = ROOT / "connector" / "target" / "runtime.classpath"
# For a JVM that is gone before the optimizing compiler's work pays, as one is that plans a job.
LIGHTLY = "-XX:TieredStopAtLevel=1"
# Where Linux leaves it to the process: state is looked up all over the heap, a miss of the processor's page table each.
HUGE_PAGES = "-XX:+UseTransparentHugePages"
# Flink's own distribution has these, or binds the logging itself.
PROVIDED = ("slf4j-", "log4j-", "flink-shaded-", "flink-annotations-", "flink-core-", "flink-connector-base-")


def flink_home() -> Path:
    """The Flink distribution inside the apache-flink wheel."""
    spec = find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise Prerequisite("apache-flink is not installed in this Python; run make install")
    return Path(spec.origin).parent


def flink_classpath() -> str:
    """Flink's own jars and nothing of ours."""
    home = flink_home()
    return os.pathsep.join(
        str(jar) for kind in ("flink-dist", "log4j") for jar in sorted(home.glob(f"lib/{kind}-*.jar"))
    )


def broker_classpath() -> str:
    """Ours first: it starts Pulsar's."""
    return os.pathsep.join((str(BROKER), _read(BROKER_CLASSPATH)))


def missing() -> list[Path]:
    """Jars that a build should have left and that are not there."""
    wanted = [CONNECTOR, BROKER]
    for listing in (BROKER_CLASSPATH, CONNECTOR_CLASSPATH):
        wanted += [Path(jar) for jar in _read(listing).split(os.pathsep)] if listing.exists() else [listing]
    return [path for path in wanted if not path.exists()]


def temporary_files(stack: Stack) -> str:
    """The JVM's flag that keeps its temporary files, Flink's included, in the stack's folder.

    Makes the place: without it the JVM that plans a job ends without a word.
    """
    place = temporary(stack.folder)
    place.mkdir(parents=True, exist_ok=True)
    return f"-Djava.io.tmpdir={place}"


def compiler(stack: Stack) -> list[str]:
    """The JVM's flags for how its code is compiled."""
    return [LIGHTLY] if stack.quick_start else []


def link_lib(folder: Path) -> Path:
    """Make `folder`/lib anew: Flink's jars, flink-python, the connector and what it needs."""
    lib = folder / "lib"
    shutil.rmtree(lib, ignore_errors=True)
    lib.mkdir(parents=True)
    home = flink_home()
    # flink-python here and not only on the job's class path: with Java 17 and thread mode the second job in a
    # TaskManager dies otherwise (NoSuchFieldException: loadedLibraryNames).
    jars = [*home.glob("lib/*.jar"), *home.glob("opt/flink-python-*.jar")]
    jars += [Path(jar) for jar in _read(CONNECTOR_CLASSPATH).split(os.pathsep)]
    for jar in jars:
        if jar.parent.parent == home or not jar.name.startswith(PROVIDED):
            (lib / jar.name).symlink_to(jar)
    # A copy: a build that overwrites the jar of a running JVM crashes it.
    shutil.copyfile(CONNECTOR, lib / CONNECTOR.name)
    return lib


def java_options() -> list[str]:
    """The --add-opens that Flink's own configuration lists for Java 17."""
    text = (flink_home() / "conf" / "config.yaml").read_text(encoding="utf-8")
    # And one that the Pulsar client's resolver asks for.
    return [*re.findall(r"--add-(?:opens|exports)=[^\s\"']+", text), "--add-opens=java.base/sun.net=ALL-UNNAMED"]


def _read(path: Path) -> str:
    if not path.exists():
        raise Prerequisite(f"{path.relative_to(ROOT)} is missing; run make install")
    return path.read_text(encoding="utf-8").strip()
