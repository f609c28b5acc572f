"""Direct Line 3.0 in our own process, so that a web chat needs no service in between (design §4).

This file is the list of calls. Whom they are for is in `directline_door` and `directline_tokens`,
what a client may say in `directline_activities`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.background import Work
from bot.buckets import Buckets
from bot.channel.activities import encode, from_json
from bot.channel.adapter import Adapter
from bot.channel.directline_activities import (
    SERVICE_URL,
    Heard,
    Ignored,
    activity_id,
    as_heard,
    from_client,
    heard,
    locale_of,
    started,
)
from bot.channel.directline_away import Away
from bot.channel.directline_connector import DirectLineConnector, DirectLineConversations
from bot.channel.directline_door import Door, watermark
from bot.channel.directline_errors import Refused, bad, busy, ended, in_direct_lines_words
from bot.channel.directline_sockets import Sockets, activity_set
from bot.channel.directline_tokens import TOKEN_SECONDS, Pass
from bot.channel.directline_turns import Line, Turns
from bot.channel.protocol import Connector
from bot.clock import Clock, utc
from bot.ending import REQUESTS, TURNS, Ending
from bot.errors import StoreUnavailable
from bot.people import Speaker
from bot.rules.sources import neighbourhood
from bot.store.direct_line import Added, Owner, Wakes

PREFIX = "/v3/directline"
_PER_MINUTE = 2000          # a thousand people behind one address in a minute, each of them twice (F15)
_POSTS_PER_MINUTE = 12_000  # by all behind one address: each of the thousand a dozen times
_LATE_SECONDS = 600.0       # well within the hour that activities are remembered (limit 21)
_POSTS_AT_ONCE = 30         # of one conversation, and one a second from then on: no hand is faster


class DirectLine:
    """The calls of Direct Line, and the way back for turns that others start in a web chat."""

    service_url = SERVICE_URL

    def __init__(self, adapter: Adapter, door: Door, wakes: Wakes, clock: Clock, ending: Ending, *,
                 away: Adapter, posts_per_minute: int = _POSTS_PER_MINUTE) -> None:
        """`away`: runs messages that cannot be kept, see `directline_away`."""
        self._adapter = adapter
        self._door = door
        self._logs = door.logs
        self._clock = clock
        self._ending = ending
        self._sockets = Sockets(door.logs, wakes)
        self._conversations = DirectLineConversations(door.logs, self._sockets, clock)
        self._connector = DirectLineConnector(self._conversations)
        self._turns = Turns(self._run, door.limits.answer_seconds)
        self._away = Away(away, self._sockets, clock)
        self._mints = Buckets(clock, _PER_MINUTE / 60, _PER_MINUTE)
        self._starts = Buckets(clock, _PER_MINUTE / 60, _PER_MINUTE)
        self._posts_from = Buckets(clock, posts_per_minute / 60, posts_per_minute)
        self._posts_in = Buckets(clock, 1, _POSTS_AT_ONCE)
        adapter.connect(SERVICE_URL.partition(":")[0], self.connector)

    def connector(self, _service_url: str) -> Connector:
        """The way back to any web chat (bot.channel.protocol.ConnectorFor)."""
        return self._connector

    async def redact(self, conversation: str, activity: str) -> None:
        """Put dots in the place of a text that should never have been written, as a password (D4)."""
        await self._conversations.redact(conversation, activity)

    async def clear(self, conversation: str) -> None:
        """Forget what was said in it so far."""
        await self._logs.clear(conversation)

    def app(self) -> web.Application:
        """To be mounted at PREFIX."""
        app = web.Application(middlewares=[in_direct_lines_words])
        one = "/conversations/{conversation}"
        app.add_routes([
            web.post("/tokens/generate", self._generate),
            web.post("/tokens/refresh", self._refresh),
            web.post("/conversations", self._start),
            web.get(one, self._reconnect, allow_head=False),
            web.post(f"{one}/activities", self._post),
            web.get(f"{one}/activities", self._poll, allow_head=False),
            web.get(f"{one}/stream", self._stream, allow_head=False),
            web.post(f"{one}/upload", self._upload),
            web.get("/session/getsessionid", self._session, allow_head=False),
        ])
        app.on_shutdown.append(self._leave)
        return app

    def works(self) -> Mapping[str, Work]:
        """What has to run beside the calls, by name."""
        return {"web chat news in": self._sockets.follow, "web chat news out": self._sockets.announce}

    async def _leave(self, _app: web.Application) -> None:
        # The sockets last: what the turns still say goes out by them.
        await self._turns.drain(self._ending.left(TURNS))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._ending.left(REQUESTS)):
                await self._sockets.close()

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        self._door.same_site(request)
        self._bound(self._mints, request)
        response = _json({})
        held = bool(self._door.cookie.read(request))
        one = self._door.tokens.mint(self._door.cookie.ensure(request, response), held=held)
        response.body = encode(self._named(one))
        return response

    async def _refresh(self, request: web.Request) -> web.StreamResponse:
        return _json(self._named(self._door.who(request)))

    async def _start(self, request: web.Request) -> web.StreamResponse:
        """Begin the conversation that the token is for; a second time it is found begun."""
        one = self._door.who(request)
        self._bound(self._starts, request)
        fields = await self._door.body(request, optional=True)
        # The stock client asks for no language; its browser does.
        preferred = request.headers.get("Accept-Language", "").split(",")[0].partition(";")[0].strip()
        locale = locale_of(fields.get("locale"), locale_of(preferred))
        opened = await self._logs.open(one.conversation, Owner(one.user, locale))
        if opened is None or opened[0].user != one.user:
            raise ended()
        owner, new = opened
        await self._catch_up(request, one, owner)
        return _json(self._joined(one, request, 0), 201 if new else 200)

    async def _reconnect(self, request: web.Request) -> web.StreamResponse:
        one, owner = await self._door.member(request)
        read = watermark(request)
        await self._catch_up(request, one, owner)
        return _json(self._joined(one, request, read))

    async def _post(self, request: web.Request) -> web.StreamResponse:
        one = self._door.holder(request)
        if not self._posts_in.allows(one.conversation):
            raise busy()
        self._bound(self._posts_from, request)
        fields = await self._door.body(request)
        try:
            return await self._heard(request, one, fields)
        except StoreUnavailable:
            return await self._heard_away(request, one, fields)

    async def _heard(self, request: web.Request, one: Pass, fields: Mapping[str, Any]) -> web.StreamResponse:
        owner = await self._door.belongs(one)
        taken = self._taken(one, owner.locale, fields)
        if isinstance(taken, Ignored):
            return _json({"id": ""})
        line = self._line(one)
        with line.place():
            added = await self._logs.append(one.conversation, taken.said, taken.client_id)
            if added is None:
                raise ended()
            if not isinstance(added, Added):
                raise Refused(409, "ConversationFull", "The conversation is too long; begin a new one.")
            outside = activity_id(one.conversation, added.number)
            if added.again:     # from a client that lost our answer (C6)
                if (late := await self._logs.entry(one.conversation, added.number)) is not None:
                    self._hear_late(request, one, added.number, late)
                return _json({"id": outside})
            self._sockets.wake(one.conversation)
            afterwards = self._forgetting(one) if taken.turn["type"] == "endOfConversation" else None
            turn = self._turns.begin(
                taken.turn | {"id": outside}, self._door.speaker(request, one), afterwards)
        await self._turns.answer(turn)
        return _json({"id": outside})

    async def _heard_away(self, request: web.Request, one: Pass, fields: Mapping[str, Any]) -> web.StreamResponse:
        """With no log to write to questions are answered (G1); for the rest the client comes again."""
        taken = self._taken(one, "", fields)
        if isinstance(taken, Ignored):
            return _json({"id": ""})
        line = self._line(one)
        with line.place():
            async with line.lock:
                outside = await self._away.answer(taken, self._door.speaker(request, one))
        if not outside:
            raise StoreUnavailable
        return _json({"id": outside})

    def _taken(self, one: Pass, locale: str, fields: Mapping[str, Any]) -> Heard | Ignored:
        taken = heard(fields, one, locale, self._now(), self._door.limits.text_characters)
        if isinstance(taken, str):
            raise bad(taken)
        return taken

    def _line(self, one: Pass) -> Line:
        line = self._turns.line(one.conversation)
        if line.crowded:
            raise busy()
        return line

    async def _poll(self, request: web.Request) -> web.StreamResponse:
        one, read = self._door.holder(request), watermark(request)
        passing = self._away.waiting(one.conversation)
        try:
            await self._door.belongs(one)
            found = await self._logs.read(one.conversation, read)
        except StoreUnavailable:
            if not passing:
                raise
            return _json({"activities": passing, "watermark": str(read)})
        if found is None:
            raise ended()
        return _json(activity_set(one.conversation, found, passing))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self._door.same_site(request)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise bad("A WebSocket is opened here.")
        one = self._door.listener(request)
        if self._sockets.full:
            raise Refused(503, "ServiceUnavailable", "There is no room for another socket.")
        with suppress(StoreUnavailable):    # Then its token has to do: what passes by needs no log (G1).
            await self._door.belongs(one)
        return await self._sockets.serve(request, one.conversation, watermark(request))

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        self._door.who(request)
        raise Refused(415, "NotSupported", "Files are not taken here.")

    async def _session(self, request: web.Request) -> web.StreamResponse:
        """Asked for by clients that show a sign-in card, which we never send."""
        self._door.who(request)
        return _json({"sessionId": ""})

    async def _catch_up(self, request: web.Request, one: Pass, owner: Owner) -> None:
        """Take the turn of whoever comes back to silence: a process may have died between the log and the turn."""
        if (last := await self._logs.last(one.conversation)) is None:
            return
        number, said = last
        if number == 0:
            update = started(one, owner.locale, self._now())
            if not self._turns.begun(update["id"]):
                self._turns.begin(update, self._door.speaker(request, one))
        elif said is not None and from_client(said):
            self._hear_late(request, one, number, said)

    def _hear_late(self, request: web.Request, one: Pass, number: int, said: Mapping[str, Any]) -> None:
        """Begin the turn of an entry, unless it was begun here; one that was taken elsewhere is skipped (C6)."""
        turn = as_heard(said) | {"id": activity_id(one.conversation, number)}
        age = self._clock.now() - datetime.fromisoformat(turn["timestamp"]).timestamp()
        # Of older ones nobody may remember any more whether they were taken.
        if age < _LATE_SECONDS and not self._turns.begun(turn["id"]) and not self._turns.line(one.conversation).crowded:
            afterwards = self._forgetting(one) if turn["type"] == "endOfConversation" else None
            self._turns.begin(turn, self._door.speaker(request, one), afterwards)

    def _bound(self, buckets: Buckets, request: web.Request) -> None:
        if not buckets.allows(neighbourhood(self._door.source(request))):
            raise busy()

    async def _run(self, activity: Mapping[str, Any], speaker: Speaker) -> None:
        await self._adapter.process(from_json(activity), speaker, self._connector)

    def _forgetting(self, one: Pass) -> Callable[[], Awaitable[None]]:
        async def forget() -> None:
            await self._logs.end(one.conversation)
            self._sockets.wake(one.conversation)

        return forget

    def _named(self, one: Pass) -> dict[str, Any]:
        token = self._door.tokens.chat(one)
        return {"conversationId": one.conversation, "token": token, "expires_in": TOKEN_SECONDS}

    def _joined(self, one: Pass, request: web.Request, read: int) -> dict[str, Any]:
        # Any host but ours was refused before (P6). By the request's own, a chat opened on
        # localhost gets its socket there and not at 127.0.0.1, which is another site.
        site = self._door.site
        host = request.host if site.knows_host(request.host) else site.base_url.partition("://")[2]
        path = f"{PREFIX}/conversations/{one.conversation}/stream"
        stream = f"{site.socket_scheme}://{host}{path}?watermark={read}&t={self._door.tokens.stream(one)}"
        return self._named(one) | {"streamUrl": stream}

    def _now(self) -> str:
        return utc(self._clock.now()).isoformat(timespec="milliseconds")


def _json(value: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type="application/json")
