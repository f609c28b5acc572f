"""The door for POST /api/messages: every check in the order of what it costs, and then a turn (C1-C5, N1)."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.channel.activities import encode, from_json
from bot.channel.adapter import Adapter
from bot.channel.agreement import FORGED, disagreement, overdone, to_ignore
from bot.channel.hosts import ReplyHosts
from bot.channel.intake import Refusal, body_of, head_refusal, one_header
from bot.channel.protocol import Answer, ConnectorFor
from bot.channel.proxies import TrustedProxies, client_address
from bot.channel.speaker import Unserved, speaker_of
from bot.channel.strict_json import NotStrict, strict
from bot.channel.tokens import Claims, Rejected, TokenVerifier
from bot.ending import let_finish
from bot.patience import done_within
from bot.people import Speaker
from bot.rules.limits import Limits

log = structlog.get_logger(__name__)

_NO_KEYS = Refusal(503, "try again later", {"Retry-After": "10"})
_MALFORMED = Refusal(400, "malformed JSON")
_NO_ACTIVITY = Refusal(400, "not an activity")


class Gate:
    """Serve `handle` for every method of the path. Without a verifier it is development's (C1).

    `tenants`: ids of those served; None serves all, which is for development as well (I1).
    """

    def __init__(self, adapter: Adapter, connector_for: ConnectorFor, hosts: ReplyHosts, *, limits: Limits,
                 verifier: TokenVerifier | None, tenants: Iterable[str] | None = None,
                 trusted_proxies: TrustedProxies = 0) -> None:
        self._adapter = adapter
        self._connector_for = connector_for
        self._hosts = hosts
        self._limits = limits
        self._verifier = verifier
        self._tenants = None if tenants is None else frozenset(one.lower() for one in tenants)
        self._proxies = trusted_proxies
        self._running: set[asyncio.Task[Answer | None]] = set()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer 200 after the turn, 202 when it takes longer or is none, or refuse."""
        if (refusal := head_refusal(request, self._limits)) is not None:
            return refusal.response()
        claims = await self._claims(request)
        if isinstance(claims, Refusal):
            return claims.response()
        activity = await self._activity(request)
        if isinstance(activity, Refusal):
            return activity.response()
        speaker = self._speaker(request, activity, claims)
        if isinstance(speaker, Refusal):
            return speaker.response()
        return web.Response(status=202) if speaker is None else await self._answer(activity, speaker)

    async def drain(self, seconds: float) -> int:
        """Let running turns finish for so long, then stop them; how many had to be stopped (F11)."""
        return len(await let_finish(self._running, seconds))

    async def _claims(self, request: web.Request) -> Claims | Refusal | None:
        if self._verifier is None:
            return None
        claims = await self._verifier.verify(one_header(request, "Authorization"))
        if isinstance(claims, Claims):
            return claims
        return _NO_KEYS if claims is Rejected.NO_KEYS else FORGED

    async def _activity(self, request: web.Request) -> dict[str, Any] | Refusal:
        body = await body_of(request, self._limits)
        if isinstance(body, Refusal):
            return body
        try:
            activity = strict(body, self._limits.json_depth)
        except NotStrict:
            return _MALFORMED
        return activity if isinstance(activity, dict) else _NO_ACTIVITY

    def _speaker(
            self, request: web.Request, activity: Mapping[str, Any], claims: Claims | None) -> Speaker | Refusal | None:
        """Who starts the turn; None for what starts none."""
        if (refusal := disagreement(activity, claims, self._hosts)) is not None:
            log.warning("activity_refused", status=refusal.status)
            return refusal
        if to_ignore(activity):
            return None
        if (refusal := overdone(activity)) is not None:
            return refusal
        source = client_address(request, self._proxies)
        speaker = speaker_of(activity, self._tenants, verified=claims is not None, source=source)
        if isinstance(speaker, Unserved):
            log.warning("activity_refused", status=403, why=speaker.value)
            return Refusal(403, speaker.value)
        return speaker

    async def _answer(self, activity: Mapping[str, Any], speaker: Speaker) -> web.Response:
        turn = asyncio.create_task(
            self._adapter.process(from_json(activity), speaker, self._connector_for(activity["serviceUrl"])))
        self._running.add(turn)
        turn.add_done_callback(self._ended)
        # The channel delivers again after 15 s, so longer work goes on without the caller (limit 25);
        # a caller who hangs up does not stop it either.
        if not await done_within(self._limits.answer_seconds, turn) or turn.cancelled():
            return web.Response(status=202)
        return _response(turn.result())

    def _ended(self, turn: asyncio.Task[Answer | None]) -> None:
        self._running.discard(turn)
        if not turn.cancelled() and (error := turn.exception()) is not None:
            log.error("turn_broke", error=type(error).__name__)


def _response(answer: Answer | None) -> web.Response:
    if answer is None:
        return web.Response(status=200)
    if answer.body is None:
        return web.Response(status=answer.status)
    return web.Response(status=answer.status, body=encode(answer.body), content_type="application/json")
