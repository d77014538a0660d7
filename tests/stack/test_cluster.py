"""What a submission to the cluster starts with."""

from pathlib import Path

import pytest

from settings import Stack
from stack.cluster import client_environment


def test_jvm_of_a_submission_compiles_lightly_unless_its_user_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JVM_ARGS", raising=False)
    ours = f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={tmp_path}/tmp"
    assert client_environment(Stack(folder=tmp_path))["JVM_ARGS"] == ours
    monkeypatch.setenv("JVM_ARGS", "-XX:TieredStopAtLevel=4 -Xmx1g")
    # The JVM takes the last.
    assert client_environment(Stack(folder=tmp_path))["JVM_ARGS"].endswith(" -XX:TieredStopAtLevel=4 -Xmx1g")
