"""A job that is restarted while Python is being loaded gets its Python the next time."""

import os
import subprocess
import sys
from pathlib import Path

from stack import jars

INTERRUPTED = Path(__file__).parent / "Interrupted.java"


def test_interrupted_load_of_python_is_not_for_good() -> None:
    (flink_python,) = jars.flink_home().glob("opt/flink-python-*.jar")
    # As the cluster sets it.
    environment = {**os.environ, "PYTHONPATH": str(jars.flink_home().parent)}
    done = subprocess.run(
        ["java", "-cp", f"{flink_python}{os.pathsep}{jars.CONNECTOR}", str(INTERRUPTED), sys.executable],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # The first two lines are what PemJa does: without them there is nothing to mend any more.
    interrupted = "java.lang.InterruptedException"
    assert done.stdout.splitlines() == [f"interrupted: {interrupted}", f"again: {interrupted}", "mended: 42"]
