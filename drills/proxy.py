"""Be the network between the broker and everybody, one that can be cut: python -m drills.proxy PORT BROKER_PORT.

SIGUSR1 cuts it silently: nothing arrives, nothing is closed, as when a cable is pulled. SIGUSR2 cuts it loudly: what is
open is closed, and so is what comes. SIGHUP mends it. Neither kind of connection outlives its cut: what was on its way
is gone, as behind a firewall that has forgotten whom it let through.
"""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

HOST = "127.0.0.1"
CHUNK_BYTES = 65_536


class Proxy:
    """Forwards each connection to `port` of this machine, until it is cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._refusing = False
        self._forwarding = asyncio.Event()
        self._forwarding.set()
        self._connections: set[asyncio.Task[None]] = set()

    async def listen(self, port: int = 0) -> asyncio.Server:
        """Accept connections on `port`, 0 for a free one; raises OSError where it is taken."""
        return await asyncio.start_server(self._connected, HOST, port)

    def cut_silently(self) -> None:
        self._forwarding.clear()

    def cut_loudly(self) -> None:
        self._refusing = True
        self._forget()

    def mend(self) -> None:
        self._forget()
        self._refusing = False
        self._forwarding.set()

    def _forget(self) -> None:
        for connection in self._connections:
            connection.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._connect(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        await asyncio.wait([connection])

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker: asyncio.StreamWriter | None = None
        try:
            if self._refusing:
                return
            await self._forwarding.wait()
            answers, broker = await asyncio.open_connection(HOST, self._port)
            await _first(self._forward(reader, broker), self._forward(answers, writer))
        except OSError:
            pass  # the broker is away, or the other side went: both learn it below
        finally:
            # Not close(), which would first deliver what is left.
            writer.transport.abort()
            if broker is not None:
                broker.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            await self._forwarding.wait()
            writer.write(chunk)
            await writer.drain()


async def _first(*directions: Coroutine[Any, Any, None]) -> None:
    """Return when one direction has ended, and end the other; Pulsar closes both ways at once."""
    tasks = [asyncio.create_task(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def serve(port: int, broker_port: int) -> None:
    """Forward until the process is ended."""
    proxy = Proxy(broker_port)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, proxy.cut_silently)
    loop.add_signal_handler(signal.SIGUSR2, proxy.cut_loudly)
    loop.add_signal_handler(signal.SIGHUP, proxy.mend)
    server = await proxy.listen(port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
