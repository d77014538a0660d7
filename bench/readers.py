"""Let peers and the bare transport read the backlog, each as processes of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.peers import views
from errors import CannotRun
from schemas.topics import CLICKS
from settings import Pulsar
from settings.reader import ROOT
from stack import jars
from stack.private import free_port
from stack.pulsar_admin import PulsarAdmin
from stack.topics import CONFLICT

COUNT = Path(__file__).with_name("Count.java")
LONGEST_S = 900.0


def transport(broker: Pulsar, messages: int) -> dict[str, Any]:
    """A Java consumer that only counts: events, bytes, seconds."""
    command = ["java", "-cp", jars.broker_classpath(), str(COUNT), broker.service_url, broker.topic(CLICKS.path)]
    return _run([[*command, str(messages)]])


def loop(broker: Pulsar, processes: int) -> dict[str, Any]:
    """The loop around pulsar-client, in so many processes with their own partitions: events, thirds, seconds."""
    return _peers(
        broker,
        [[sys.executable, "-m", "bench.peers.loop", json.dumps(share)] for share in shares(counts(broker), processes)],
    )


def bytewax(broker: Pulsar, processes: int) -> dict[str, Any]:
    """Bytewax, in so many processes: events, thirds, seconds."""
    addresses = ";".join(f"127.0.0.1:{free_port()}" for _ in range(processes)) if processes > 1 else ""
    wanted = json.dumps(counts(broker))
    command = [sys.executable, "-m", "bench.peers.bytewax", wanted]
    found = _peers(broker, [[*command, str(number), addresses] for number in range(processes)])
    # Each was told of all the events, and reads what Bytewax gives it.
    return {**found, "events": found["events"] // processes}


def counts(broker: Pulsar) -> dict[int, int]:
    """Messages of each of the clicks' partitions."""
    path = broker.topic(CLICKS.path).replace("://", "/")
    with PulsarAdmin(broker.admin_url) as admin:
        partitions = admin.get(f"/{path}/partitions")["partitions"]
        return {number: _count(admin, f"{path}-partition-{number}") for number in range(partitions)}


def shares(counts: dict[int, int], processes: int) -> list[dict[int, int]]:
    """Partitions dealt out to so many processes, one after the other."""
    return [{key: value for key, value in counts.items() if key % processes == number} for number in range(processes)]


def _peers(broker: Pulsar, commands: list[list[str]]) -> dict[str, Any]:
    """The same, with the topic that peers publish to."""
    with PulsarAdmin(broker.admin_url) as admin:
        path = broker.topic(views.THIRDS).replace("://", "/")
        admin.call("PUT", f"/{path}/partitions", 1, accept=(CONFLICT,))
    return _run(commands)


def _count(admin: PulsarAdmin, path: str) -> int:
    return int(admin.get(f"/{path}/stats")["msgInCounter"])


def _run(commands: list[list[str]]) -> dict[str, Any]:
    """Run side by side; gives the sums of what they print, and the seconds from the first's begin to the last's end."""
    # The JVM must not share our terminal's group, nor a peer find another's settings: all are in the environment.
    running = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        said = [process.communicate(timeout=LONGEST_S) for process in running]
    finally:
        for process in running:
            process.kill()
    for process, (_, errors) in zip(running, said, strict=True):
        if process.returncode != 0:
            raise CannotRun(f"bench: {process.args!r:.80} failed: {(errors.strip().splitlines() or ['?'])[-1]}")
    # A client may log there too.
    answers = [json.loads(next(line for line in output.splitlines() if line.startswith('{"'))) for output, _ in said]
    begun_s, ended_s = (min(one["begun_s"] for one in answers), max(one["ended_s"] for one in answers))
    sums = {key: sum(one[key] for one in answers) for key in answers[0] if not key.endswith("_s")}
    return {**sums, "seconds": ended_s - begun_s}
