"""Put a proxy between the broker and everybody, and cut it: loudly, then silently."""

import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from drills.scene import Scene
from errors import CannotRun
from settings.reader import ROOT
from stack.processes import Service, wait_until

# Not from drills.proxy, which is the main module of its process.
HOST = "127.0.0.1"
CUT_S = 20.0
START_S = 30.0


@contextmanager
def behind_proxy(folder: Path) -> Iterator[Mapping[str, str]]:
    """A proxy for as long as the block runs; gives the settings of a stack whose broker only it reaches."""
    proxy = _proxy(folder)
    # Left by a killed run.
    proxy.stop()
    shutil.rmtree(proxy.folder, ignore_errors=True)
    proxy.folder.mkdir(parents=True)
    port, broker_port = _free_ports(2)
    command = [sys.executable, "-m", "drills.proxy", str(port), str(broker_port)]
    try:
        proxy.start(command, {"PYTHONPATH": str(ROOT)})
        wait_until("the proxy", lambda: "ready" in proxy.log.read_text(encoding="utf-8"), START_S, [proxy])
        yield {
            "HONGBAO_PULSAR_SERVICE_URL": f"pulsar://{HOST}:{port}",
            "HONGBAO_STACK_BROKER_PORT": str(broker_port),
        }
    finally:
        proxy.stop()


def cut(scene: Scene) -> None:
    """Cut for 20 s with every connection closed, then for 20 s with every connection open and dead."""
    for way in (signal.SIGUSR2, signal.SIGUSR1):
        proxy = _proxy(scene.folder.parent)
        process = proxy.process()
        if process is None:
            raise CannotRun(f"drill: the proxy died, so the network is cut for good; its log is {proxy.log}")
        scene.harm()
        process.send_signal(way)
        time.sleep(CUT_S)
        process.send_signal(signal.SIGHUP)
        scene.wait_for_coupons()


def _proxy(folder: Path) -> Service:
    return Service("proxy", folder / "network")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
