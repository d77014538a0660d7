"""Each thing that would go wrong is named, with what was found and what to do; no broker is asked here."""

import socket
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from stack import doctor, jars
from stack.doctor import examine

Memory = namedtuple("Memory", "available")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stack of which nothing runs, on ports that are free."""
    monkeypatch.setenv("HONGBAO_STACK_FOLDER", str(tmp_path))
    for name, scheme in (("PULSAR_SERVICE_URL", "pulsar"), ("PULSAR_ADMIN_URL", "http"), ("FLINK_REST_URL", "http")):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setenv(f"HONGBAO_{name}", f"{scheme}://127.0.0.1:{free.getsockname()[1]}")


def said(what: str) -> str:
    (sentence,) = (finding.sentence for finding in examine() if finding.what == what)
    return sentence


def put_java(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    (folder / "bin").mkdir()
    java = folder / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2019-01-15' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"))


def test_another_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_java(tmp_path, monkeypatch, "11.0.2")
    assert said("Java") == "BAD Java: 11; install openjdk-17-jdk-headless and put it first on PATH"


def test_no_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert said("Java").startswith("BAD Java: none that runs; install openjdk-17-jdk-headless")


def test_java_home_of_another_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_java(tmp_path, monkeypatch, "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert said("JAVA_HOME").startswith("BAD JAVA_HOME: 21; PyFlink and Maven use it")
    monkeypatch.delenv("JAVA_HOME")
    assert said("JAVA_HOME").startswith("ok ")


def test_version_that_was_not_tested_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version", lambda package: "11.0.0")
    assert said("pyarrow") == "BAD pyarrow: 11.0.0; run make install; 20.0.0 was tested"


def test_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(doctor, "version", version)
    assert said("duckdb") == "BAD duckdb: not installed; run make install; 2.0.0 was tested"


def test_missing_jar_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "CONNECTOR", tmp_path / "hongbao-connector.jar")
    assert said("jars") == "BAD jars: 1 missing, the first hongbao-connector.jar; run make install"


def test_lib_folder_whose_links_lead_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "flink-python-1.20.5.jar").symlink_to(tmp_path / "gone.jar")
    assert said("cluster's lib folder").startswith("BAD cluster's lib folder: broken: flink-python-1.20.5.jar; hongbao")


@pytest.mark.parametrize(
    ("what", "variable", "offset", "setting"),
    [
        ("broker port", "HONGBAO_PULSAR_SERVICE_URL", 0, "service_url in [pulsar]"),
        ("broker port", "HONGBAO_STACK_BROKER_PORT", 0, "broker_port in [stack]"),
        ("admin port", "HONGBAO_PULSAR_ADMIN_URL", 0, "admin_url in [pulsar]"),
        ("Flink port", "HONGBAO_FLINK_REST_URL", 0, "rest_url in [flink]"),
        ("BookKeeper port", "HONGBAO_STACK_INTERNAL_PORT", 0, "internal_port in [stack]"),
        ("ZooKeeper port", "HONGBAO_STACK_INTERNAL_PORT", 3, "internal_port in [stack]"),
    ],
)
def test_port_in_use_is_named(
    what: str, variable: str, offset: int, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        scheme = "pulsar" if "SERVICE" in variable else "http"
        whole = variable.endswith("PORT")
        monkeypatch.setenv(variable, str(port - offset) if whole else f"{scheme}://127.0.0.1:{port}")
        # Once: where the admin port hangs, the broker's health is waited for.
        sentence = said(what)
        assert sentence.startswith(f"BAD {what}: port {port} is in use by ")
        assert sentence.endswith(f"set {setting} to another port")


def test_little_memory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: Memory(2048 * 2**20))
    assert said("memory") == "BAD memory: 2048 MB free; stop something; 4096 MB are needed"


def test_broker_that_is_down_is_no_fault() -> None:
    assert said("broker") == "ok  broker: down; hongbao up starts it"


@pytest.mark.parametrize(
    ("setting", "sentence"), [("1", "ok  sched_autogroup: on; with"), ("0", "ok  sched_autogroup: off")]
)
def test_grouping_of_sessions_is_said(
    setting: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sched_autogroup_enabled"
    file.write_text(f"{setting}\n", encoding="ascii")
    monkeypatch.setattr(doctor, "AUTOGROUP", file)
    assert said("sched_autogroup").startswith(sentence)
