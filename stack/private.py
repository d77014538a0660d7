"""A stack of one's own for as long as a block runs: free ports, a folder that is made anew, nothing left behind."""

import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from errors import CannotRun
from settings import Flink, Stack, read
from stack import cluster, machine, zookeeper

# BookKeeper's, Flink's RPC and blobs, ZooKeeper's.
INTERNAL_PORTS = 4


@contextmanager
def private(
    folder: Path,
    settings: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda _: None,
    flink: bool = True,
) -> Iterator[None]:
    """Start a stack in `folder` and point this process's HONGBAO_* environment at it; stop it with the block.

    Without `flink` it is the broker alone, which is up in a third of the time.
    What a killed run left in the folder is stopped first: its pid files say what it was.
    """
    first, (broker, admin, rest) = _free_ports()
    ours = {
        "HONGBAO_STACK_FOLDER": str(folder),
        "HONGBAO_STACK_INTERNAL_PORT": str(first),
        "HONGBAO_PULSAR_SERVICE_URL": f"pulsar://127.0.0.1:{broker}",
        "HONGBAO_PULSAR_ADMIN_URL": f"http://127.0.0.1:{admin}",
        "HONGBAO_FLINK_REST_URL": f"http://127.0.0.1:{rest}",
        "HONGBAO_WAREHOUSE_FOLDER": str(folder / "warehouse"),
        # Benches, drills and demos name the jobs that they submit.
        "HONGBAO_STACK_VIP_MEMORY_MB": "0",
        **(settings or {}),
    }
    before = dict(os.environ)
    os.environ.update(ours)
    try:
        machine.down(at_once=True)
        shutil.rmtree(folder, ignore_errors=True)
        machine.up(say, flink)
        yield
    finally:
        machine.down(at_once=True)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def private_cluster(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """Start a Flink cluster of one's own in `folder`, beside the broker that runs; stop it with the block."""
    first, (rest, *_) = _free_ports()
    before = dict(os.environ)
    os.environ.update(
        {
            "HONGBAO_STACK_FOLDER": str(folder),
            "HONGBAO_STACK_INTERNAL_PORT": str(first),
            "HONGBAO_FLINK_REST_URL": f"http://127.0.0.1:{rest}",
            **(settings or {}),
        }
    )
    stack, flink = read(Stack), read(Flink)
    try:
        _kill(stack)
        shutil.rmtree(folder, ignore_errors=True)
        zookeeper.start(stack, flink)
        cluster.start(stack, flink, machine.environment())
        cluster.wait(stack, flink)
        yield
    finally:
        _kill(stack)
        os.environ.clear()
        os.environ.update(before)


def _kill(stack: Stack) -> None:
    """End the cluster, whose state nobody goes on from."""
    for service in (*cluster.taskmanagers(stack), cluster.jobmanager(stack), zookeeper.service(stack)):
        service.stop(at_once=True)


def _free_ports() -> tuple[int, list[int]]:
    """The first of INTERNAL_PORTS free ports in a row, and three more."""
    for first in random.sample(range(20_000, 30_000, 10), 100):
        try:
            with ExitStack() as held:
                for port in range(first, first + INTERNAL_PORTS):
                    held.enter_context(_bound(port))
                return first, [held.enter_context(_bound(0)).getsockname()[1] for _ in range(3)]
        except OSError:
            continue
    raise CannotRun(f"no {INTERNAL_PORTS} free ports in a row between 20000 and 30000; stop something")


def free_port() -> int:
    """A port that is free now."""
    with _bound(0) as bound:
        return int(bound.getsockname()[1])


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound
