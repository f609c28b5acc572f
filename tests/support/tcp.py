"""Small TCP servers for tests that leave nothing open behind them."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PATIENCE = 10.0


def free_port() -> int:
    """A port nobody listens on, below the range that outgoing connections are given.

    Drawn from the system: two workers whose tests are seeded alike would draw the same ones.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Take the connection and never say a word."""
    await asyncio.Event().wait()


async def ended(server: asyncio.Server, serving: Collection[asyncio.Task[None]] = ()) -> None:
    """Close it, stop who serves, and wait until the last connection is closed: one left open fails a later test."""
    # Begun before: Python 3.11 waits for nothing once the server is closed.
    gone = asyncio.ensure_future(server.wait_closed())
    await asyncio.sleep(0)
    server.close()
    for task in list(serving):
        task.cancel()
    async with asyncio.timeout(PATIENCE):
        await gone


@asynccontextmanager
async def listening(handle: Handle, context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[int]:
    """Serve on this port of 127.0.0.1, or on a free one; which, is given."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            if listener.is_serving():   # Who was let in at the very end is not served.
                await handle(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            running.discard(task)
            writer.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        await ended(listener, running)
