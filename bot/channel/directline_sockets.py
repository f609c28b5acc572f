"""Pushes what is said to the sockets of a conversation, at each one's own pace (N1, F9)."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.channel.activities import encode
from bot.channel.directline_activities import shown
from bot.errors import StoreUnavailable
from bot.store.direct_line import ConversationLogs, Entries, Wakes

log = structlog.get_logger(__name__)

_PER_CONVERSATION = 4
_IN_ALL = 8000
_SEND_SECONDS = 20.0
_HEARTBEAT_SECONDS = 30.0
_LONGEST_FRAME = 1024       # clients send nothing but empty frames
_PASSING = 10               # typing and the like that a slow socket may be behind with
_RETRY_SECONDS = 1.0


class _Socket:
    """One client: where it is in the log, and what passes by without being in it."""

    def __init__(self, response: web.WebSocketResponse, watermark: int) -> None:
        self.response = response
        self.watermark = watermark
        self.news = asyncio.Event()
        self.news.set()
        self.passing: list[Mapping[str, Any]] = []


class Sockets:
    """The sockets of this process; told of news by `wake`, and by `follow` of what other processes wrote."""

    def __init__(self, logs: ConversationLogs, wakes: Wakes) -> None:
        self._logs = logs
        self._wakes = wakes
        self._open: defaultdict[str, list[_Socket]] = defaultdict(list)
        self._count = 0
        self._untold: set[str] = set()
        self._to_tell = asyncio.Event()
        self._closing = False

    @property
    def full(self) -> bool:
        return self._closing or self._count >= _IN_ALL

    def wake(self, conversation: str) -> None:
        """There is something new in the log: here at once, elsewhere by the next telling."""
        self._untold.add(conversation)
        self._to_tell.set()
        self._wake_here(conversation)

    def listening(self, conversation: str) -> bool:
        """Whether somebody has a socket of it open here."""
        return conversation in self._open

    def show(self, conversation: str, activity: Mapping[str, Any]) -> None:
        """Send something that is not in the log, as "is typing", to whoever is here and keeps up."""
        for socket in self._open.get(conversation, ()):
            if len(socket.passing) < _PASSING:
                socket.passing.append(activity)
                socket.news.set()

    async def serve(self, request: web.Request, conversation: str, watermark: int) -> web.WebSocketResponse:
        """Hold one socket until its client, or the conversation, goes."""
        response = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LONGEST_FRAME, compress=False, timeout=5)
        await response.prepare(request)
        socket = _Socket(response, watermark)
        await self._make_room(conversation)
        self._open[conversation].append(socket)
        self._count += 1
        pushing = asyncio.create_task(self._push(conversation, socket))
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT and message.data:
                    break   # Direct Line's socket is for listening: whoever talks on it is no client of it.
        finally:
            pushing.cancel()
            with suppress(asyncio.CancelledError):
                await pushing
            self._forget(conversation, socket)
        with suppress(TimeoutError, ConnectionError):
            await response.close()
        return response

    async def follow(self) -> None:
        """Wake sockets for what other processes write; runs as long as the service."""
        while True:
            try:
                for conversation in await self._wakes.listen():
                    self._wake_here(conversation)
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
                for conversation in list(self._open):
                    self._wake_here(conversation)   # whatever was told in the meantime went unheard

    async def announce(self) -> None:
        """Tell other processes of what was written here, many at once; runs as long as the service."""
        while True:
            await self._to_tell.wait()
            self._to_tell.clear()
            told, self._untold = sorted(self._untold), set()
            try:
                await self._wakes.tell(told)
            except StoreUnavailable:
                self._untold.update(told)
                await asyncio.sleep(_RETRY_SECONDS)
                self._to_tell.set()

    async def close(self) -> None:
        """Send every client away; they come back to another process, or to this one restarted (F11)."""
        self._closing = True
        sockets = [socket for here in self._open.values() for socket in here]
        closing = [socket.response.close(code=WSCloseCode.GOING_AWAY) for socket in sockets]
        await asyncio.gather(*closing, return_exceptions=True)

    def _wake_here(self, conversation: str) -> None:
        for socket in self._open.get(conversation, ()):
            socket.news.set()

    async def _make_room(self, conversation: str) -> None:
        # The oldest one goes: after a reload or a lost network it is the one nobody listens to.
        while len(self._open[conversation]) >= _PER_CONVERSATION:
            oldest = self._open[conversation][0]
            self._forget(conversation, oldest)
            with suppress(TimeoutError, ConnectionError):
                await oldest.response.close(code=WSCloseCode.POLICY_VIOLATION)

    def _forget(self, conversation: str, socket: _Socket) -> None:
        here = self._open.get(conversation)
        if here is not None and socket in here:
            here.remove(socket)
            self._count -= 1
            if not here:
                del self._open[conversation]

    async def _push(self, conversation: str, socket: _Socket) -> None:
        try:
            while await self._caught_up(conversation, socket):
                await socket.news.wait()
        except (TimeoutError, ConnectionError):
            pass    # too slow, or gone: it may come again with its watermark
        # Ending this side ends the reading side's wait as well.
        with suppress(TimeoutError, ConnectionError):
            await socket.response.close()

    async def _caught_up(self, conversation: str, socket: _Socket) -> bool:
        """Send all there is; False when the conversation has ended."""
        socket.news.clear()
        try:
            found = await self._logs.read(conversation, socket.watermark)
        except StoreUnavailable:
            # What only passes by needs no log: questions are answered meanwhile (G1).
            if socket.passing:
                passing, socket.passing = socket.passing, []
                await self._send(socket, {"activities": passing, "watermark": str(socket.watermark)})
            with suppress(TimeoutError):
                async with asyncio.timeout(_RETRY_SECONDS):
                    await socket.news.wait()
            socket.news.set()
            return True
        if found is None:
            return False
        passing, socket.passing = socket.passing, []
        socket.watermark = found.watermark
        if found.activities or passing:
            await self._send(socket, activity_set(conversation, found, passing))
        if found.more:
            socket.news.set()
        return True

    async def _send(self, socket: _Socket, group: Mapping[str, Any]) -> None:
        async with asyncio.timeout(_SEND_SECONDS):
            await socket.response.send_str(encode(group).decode())


def activity_set(
        conversation: str, found: Entries, passing: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """What Direct Line calls an ActivitySet, in a socket's frame or for a poll."""
    activities = [shown(conversation, number, one) for number, one in found.activities]
    return {"activities": [*activities, *passing], "watermark": str(found.watermark)}
