"""Find the Java that the broker, the cluster and every submission run on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from errors import Prerequisite

WANTED = "17"
ADVICE = "install openjdk-17-jdk-headless and put it first on PATH"
HOME_ADVICE = "PyFlink and Maven use it: let it name a JDK 17, or unset it"


def major(java: str | None = None) -> str | None:
    """The major version of `java`, else of the one on PATH, such as "17"; None where there is none that runs."""
    found = java or shutil.which("java")
    if found is None:
        return None
    try:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    except OSError:
        return None
    match = re.search(r'version "(\d+)', told)
    return match[1] if match else None


def home_major() -> str | None:
    """The same of $JAVA_HOME, which goes before PATH for PyFlink and Maven; WANTED where it is not set."""
    home = os.environ.get("JAVA_HOME")
    return major(str(Path(home) / "bin" / "java")) if home else WANTED


def check() -> None:
    """Raises Prerequisite that says which Java was found, and what to do."""
    if (found := major()) != WANTED:
        raise Prerequisite(f"Java is {found or 'missing'}; Flink 1.20 and Pulsar 4.0 run here on 17: {ADVICE}")
    if (found := home_major()) != WANTED:
        raise Prerequisite(f"JAVA_HOME is Java {found or 'unusable'}, {os.environ['JAVA_HOME']}; {HOME_ADVICE}")
