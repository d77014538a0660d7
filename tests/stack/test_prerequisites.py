"""What the machine lacks is one sentence and exit code 2."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from settings.reader import ROOT

SCRIPT = ROOT / "stack" / "prerequisites.sh"
TOOLS = ("awk", "sed", "head", "df", "sh", "python3.11", "python3", "java", "javac", "mvn")


def run(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)],
        env={"PATH": str(path), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with what the script needs and stand-ins for what it looks for."""
    for tool in ("awk", "sed", "head", "df"):
        found = next(Path(folder) / tool for folder in ("/usr/bin", "/bin") if (Path(folder) / tool).exists())
        (tmp_path / tool).symlink_to(found)
    fake(tmp_path, "python3.11", 'case "$*" in *version_info*) echo 3.11;; esac')
    fake(tmp_path, "java", "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2")
    fake(tmp_path, "javac", "")
    fake(tmp_path, "mvn", "")
    return tmp_path


def fake(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_complete_machine_is_silent(tools: Path) -> None:
    done = run(tools)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("python3.11", "Python 3.11 is missing; install python3.11"),
        ("java", "Java is missing; install JDK 17"),
        ("javac", "Java 17 has no compiler; install the JDK"),
        ("mvn", "Maven is missing; install maven"),
    ],
)
def test_missing_tool_is_one_sentence(tools: Path, missing: str, sentence: str) -> None:
    (tools / missing).unlink()
    done = run(tools)
    assert done.returncode == 2
    assert done.stderr.startswith(f"hongbao: {sentence}")
    assert done.stderr.count("\n") == 1


def test_wrong_java_is_named(tools: Path) -> None:
    fake(tools, "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    assert run(tools).stderr.startswith("hongbao: Java is 11; Flink 1.20 and Pulsar 4.0 run here on 17")


def test_java_home_of_another_java_is_named(tools: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    home = str(tmp_path)
    assert run(tools, JAVA_HOME=home).stderr.startswith(
        f"hongbao: JAVA_HOME is Java unusable, {home}; PyFlink and Maven"
    )
    fake(tmp_path / "bin", "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    assert run(tools, JAVA_HOME=home).stderr.startswith(f"hongbao: JAVA_HOME is Java 11, {home}; PyFlink and Maven")
    fake(tmp_path / "bin", "java", "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2")
    assert run(tools, JAVA_HOME=home).stderr == ""


def test_wrong_python_is_named(tools: Path) -> None:
    fake(tools, "python3.11", "echo 3.13")
    assert run(tools).stderr.startswith("hongbao: Python is 3.13; PyFlink 1.20 and this project need 3.11")


def test_little_memory_is_named(tools: Path, tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8000000 kB\nMemAvailable: 2097152 kB\n", encoding="utf-8")
    done = run(tools, HONGBAO_MEMINFO=str(meminfo), HOME=os.environ.get("HOME", "/"))
    assert done.stderr.startswith("hongbao: 2048 MB of memory are free; broker, Flink and tests need 4096")


def test_little_disk_is_named(tools: Path) -> None:
    (tools / "df").unlink()
    fake(tools, "df", "echo Filesystem; echo '/dev/sda1 9000 8000 1000 89% /'")
    assert run(tools).stderr.startswith(
        "hongbao: 1000 MB of disk are free here; the environment and its data need 4096"
    )


@pytest.mark.parametrize("target", ["test", "demo"])
def test_both_commands_look_first(target: str, tmp_path: Path) -> None:
    """Also where everything was installed once: Java may have gone since."""
    (tmp_path / "make").symlink_to(str(shutil.which("make")))
    for tool in ("sh", "find", "date"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [str(tmp_path / "make"), "--old-file=install", target],
        env={"PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("hongbao: Python 3.11 is missing; install python3.11")
