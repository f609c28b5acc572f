"""The ways in and out: Bot Framework's channels, and our own web chat."""

from collections.abc import Awaitable, Callable

from aiohttp import ClientSession

from bot.browser import BrowserCookie
from bot.channel.adapter import Adapter
from bot.channel.connector import BotConnectors
from bot.channel.directline import DirectLine
from bot.channel.directline_door import Door
from bot.channel.directline_tokens import DirectLineTokens
from bot.channel.gate import Gate
from bot.channel.hosts import ReplyHosts
from bot.channel.keys import ChannelKeys
from bot.channel.knocks import Knocks
from bot.channel.outbox import Outbox
from bot.channel.proxies import client_address
from bot.channel.sign_on import SignOn, metadata_url
from bot.channel.tokens import TokenVerifier
from bot.clock import Clock
from bot.ending import TURNS, Ending
from bot.errors import KeyturnError
from bot.making.outside import bot_token_of
from bot.people import Speaker
from bot.serving.kept import Kept
from bot.settings import Settings
from bot.site import Site
from dialogs.turns import Turns


class Channels:
    """`turns` answers what comes in. It is asked at every turn: others take over when the content becomes another."""

    def __init__(self, settings: Settings, kept: Kept, session: ClientSession, site: Site, ending: Ending,
                 turns: Callable[[], Turns], clock: Clock) -> None:
        self._ending, self._turns = ending, turns
        limits, proxies = settings.limits, settings.trusted_proxies
        self.adapter = Adapter(self._turn, self._apologise)
        self.knocks = Knocks(self.adapter)

        self.token = bot_token_of(settings, session, clock) if settings.app_id else None
        self.keys = ChannelKeys(session, settings.openid_metadata_url, clock) if settings.app_id else None
        verifier = TokenVerifier(
            self.keys, clock, app_id=settings.app_id, issuer=settings.channel_issuer,
            skew_seconds=limits.clock_skew_seconds) if self.keys else None
        hosts = ReplyHosts(settings.reply_hosts)
        connectors = BotConnectors(Outbox(session, hosts, self.token, clock))
        for scheme in ("https", "http"):
            self.adapter.connect(scheme, connectors)
        self.gate = Gate(self.adapter, connectors, hosts, limits=limits, verifier=verifier,
                         tenants=settings.served_tenants, trusted_proxies=proxies)
        self.sign_on = SignOn(
            ChannelKeys(session, metadata_url(settings.login_url), clock), clock, app_id=settings.app_id,
            login_url=settings.login_url, skew_seconds=limits.clock_skew_seconds) if settings.teams_sign_on else None

        self.cookie = BrowserCookie(secure=site.secure)
        self.direct_line = DirectLine(
            self.adapter,
            Door(kept.web_chats, DirectLineTokens(kept.ring, clock), self.cookie, site, limits,
                 lambda request: client_address(request, proxies)),
            kept.wakes, clock, ending, away=Adapter(self._answer_without_store, self._apologise))

    def _turn(self, context: object, speaker: Speaker) -> Awaitable[None]:
        return self._turns()(context, speaker)

    def _answer_without_store(self, context: object, speaker: Speaker) -> Awaitable[None]:
        return self._turns().answer(context, speaker)

    async def _apologise(self, context: object, _error: Exception) -> None:
        await self._turns().apologise(context)

    async def redact(self, speaker: Speaker, activity_id: str) -> None:
        """Take what was said out of what a web chat shows again."""
        if speaker.in_our_web_chat:
            await self.direct_line.redact(speaker.conversation, activity_id)

    async def clear(self, speaker: Speaker) -> None:
        """Take everything out of it."""
        if speaker.in_our_web_chat:
            await self.direct_line.clear(speaker.conversation)

    async def keys_ready(self) -> None:
        """Raises KeyturnError while no message of a channel can be believed."""
        assert self.keys is not None
        self.keys.refresh_if_old()
        if not self.keys.ready:
            raise KeyturnError("no channel keys yet")

    async def drain(self) -> None:
        """Let turns that are under way finish, and stop those that cannot (F11)."""
        await self.gate.drain(self._ending.left(TURNS))
        await self.knocks.drain(self._ending.left(TURNS))
