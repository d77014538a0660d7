"""The proxy forwards; cut loudly it closes, cut silently it keeps still; mended it forwards again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from drills.proxy import HOST, Proxy

# Far more than a loopback needs, far less than a cut lasts.
ANSWER_S = 5.0
STILL_S = 0.2

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Scene = Callable[[Proxy, Callable[[], Awaitable[Client]]], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Proxy, Callable[[], Awaitable[Client]]]]:
    """A proxy before a server that says every line again, and what connects to it."""
    async with await asyncio.start_server(echo, HOST, 0) as server:
        proxy = Proxy(server.sockets[0].getsockname()[1])
        async with await proxy.listen() as listener:
            port = listener.sockets[0].getsockname()[1]
            yield proxy, lambda: asyncio.open_connection(HOST, port)
            proxy.mend()


def play(scene: Scene) -> None:
    async def run() -> None:
        async with proxied() as (proxy, connect):
            await asyncio.wait_for(scene(proxy, connect), 10 * ANSWER_S)

    asyncio.run(run())


async def said(client: Client, line: bytes) -> bytes:
    """What comes back, b"" from a closed connection."""
    client[1].write(line)
    return await heard(client)


async def heard(client: Client) -> bytes:
    try:
        return await asyncio.wait_for(client[0].readline(), ANSWER_S)
    except ConnectionResetError:
        return b""


async def still(client: Client) -> bool:
    """Whether the connection says nothing, not even that it is closed."""
    try:
        await asyncio.wait_for(client[0].readline(), STILL_S)
    except TimeoutError:
        return True
    return False


def test_whole_network_forwards_both_ways() -> None:
    async def scene(_: Proxy, connect: Callable[[], Awaitable[Client]]) -> None:
        one, other = await connect(), await connect()
        assert await said(one, b"a\n") == b"a\n"
        assert await said(other, b"b\n") == b"b\n"
        assert await said(one, b"c\n") == b"c\n"

    play(scene)


def test_loud_cut_closes_what_is_open_and_what_comes() -> None:
    async def scene(proxy: Proxy, connect: Callable[[], Awaitable[Client]]) -> None:
        before = await connect()
        assert await said(before, b"a\n") == b"a\n"
        proxy.cut_loudly()
        assert await heard(before) == b""
        assert await heard(await connect()) == b""

    play(scene)


def test_silent_cut_keeps_connections_open_and_still() -> None:
    async def scene(proxy: Proxy, connect: Callable[[], Awaitable[Client]]) -> None:
        before = await connect()
        assert await said(before, b"a\n") == b"a\n"
        proxy.cut_silently()
        before[1].write(b"b\n")
        during = await connect()
        during[1].write(b"c\n")
        assert await still(before)
        assert await still(during)

    play(scene)


def test_what_a_silent_cut_held_never_arrives() -> None:
    async def scene(proxy: Proxy, connect: Callable[[], Awaitable[Client]]) -> None:
        before = await connect()
        assert await said(before, b"a\n") == b"a\n"
        proxy.cut_silently()
        before[1].write(b"b\n")
        during = await connect()
        assert await still(before)
        proxy.mend()
        assert await heard(before) == b""
        assert await heard(during) == b""

    play(scene)


@pytest.mark.parametrize("cut", [Proxy.cut_loudly, Proxy.cut_silently])
def test_mended_network_forwards_again(cut: Callable[[Proxy], None]) -> None:
    async def scene(proxy: Proxy, connect: Callable[[], Awaitable[Client]]) -> None:
        for _ in range(2):
            cut(proxy)
            proxy.mend()
            assert await said(await connect(), b"a\n") == b"a\n"

    play(scene)


def test_broker_that_is_away_closes_the_connection() -> None:
    async def scene() -> None:
        async with await asyncio.start_server(echo, HOST, 0) as gone:
            port = gone.sockets[0].getsockname()[1]
        async with await Proxy(port).listen() as listener:
            client = await asyncio.open_connection(HOST, listener.sockets[0].getsockname()[1])
            assert await heard(client) == b""

    asyncio.run(asyncio.wait_for(scene(), ANSWER_S))
