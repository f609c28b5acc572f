"""The Desk: every part of a running Keyturn, chosen and connected."""

import secrets
from functools import partial

from aiohttp import web

from bot import VERSION
from bot.background import Background
from bot.channel.outbox import open_session
from bot.clock import Clock
from bot.content import Content
from bot.content_in_force import ContentInForce
from bot.directory.demo_desk import DemoDesk
from bot.ending import TURNS, Ending
from bot.making.outside import opinion_service
from bot.making.words import content_of, content_places, models_of
from bot.metrics import Metrics
from bot.pages.health import Health
from bot.policy_in_force import PolicyInForce
from bot.rules.passwords import Kind as PasswordKind
from bot.rules.passwords import Policy as PasswordRules
from bot.rules.policy import Policy
from bot.second_opinion import SecondOpinion
from bot.serving.admin import admin_application
from bot.serving.channels import Channels
from bot.serving.conversations import Conversations
from bot.serving.journeys import Journeys
from bot.serving.kept import Kept
from bot.serving.people import People
from bot.serving.public import public_application
from bot.settings import Settings
from bot.site import Site
from bot.store.connection import Store
from bot.store.opinions import OpinionBudget
from bot.store.sealed import KeyRing
from bot.understanding import ErrorFinder, Reader

BEAT = 0.25                 # seconds; the pace of steps that could tell of an account (E2)
END_SECONDS = 27.0          # from the word to end, for everything; of the 30 a service has (F11)


class Desk:
    """One Keyturn over one store. Nothing here decides anything; it only connects."""

    admin_url = ""      # of the admin listener, once it is there

    def __init__(self, settings: Settings, content: Content, reader: Reader, store: Store, ring: KeyRing,
                 clock: Clock, beat: float = BEAT, end_seconds: float = END_SECONDS) -> None:
        self.settings, self.content, self.store, self.ring, self.clock = settings, content, store, ring, clock
        self.metrics, self.ending, self.background = Metrics(), Ending(end_seconds), Background()
        self.replica = secrets.token_hex(4)
        here = (f"{name}:{settings.port}" for name in ("localhost", "127.0.0.1", "[::1]"))
        self.site = Site.of(settings.base_url, also=frozenset(here) if settings.development else frozenset())

        self.kept = kept = Kept(settings, store, ring, clock, self.replica, self.metrics.record)
        self.policy_in_force = PolicyInForce(
            settings.policy_path, settings.limits, kept.policy_mark, kept.audit, required=settings.policy is not None,
            guids=settings.groups_have_guids)
        self.session = open_session()       # once the policy is read: a start that fails leaves none open
        self.people = people = People(settings, kept, self.session, self.policy, clock)
        self.channels = channels = Channels(
            settings, kept, self.session, self.site, self.ending, lambda: self.turns, clock)
        self.journeys = journeys = Journeys(
            settings, content, kept, people, channels.knocks, self.policy, self.password_rules, clock, beat)
        self.second_opinion = self._second_opinion()
        self._conversations = Conversations(
            settings, content, kept, people, channels, journeys, self.policy, self.second_opinion, self.metrics,
            self.site, clock)
        self.understand(reader, ErrorFinder(content.errors.values()))
        self.content_in_force = ContentInForce(
            content, partial(content_of, settings), content_places(settings), models_of(settings), self.understand,
            kept.audit)
        self.demo_desk = DemoDesk(kept.accounts, kept.enrolments, kept.mailbox, clock, kept.it,
                                  settings.helpdesk_address, kept.cases)
        self.health = Health({"store": store.ping, **({"channel keys": channels.keys_ready} if channels.keys else {})},
                             lambda: self.background.down, kept.trust.why_paused)

    def understand(self, reader: Reader, finder: ErrorFinder) -> None:
        """Understand by these from the next turn on; what is made of the content's words is made anew."""
        self.turns = self._conversations.turns(reader, finder)

    def policy(self) -> Policy:
        """The one in force now."""
        return self.policy_in_force.now

    def password_rules(self) -> PasswordRules:
        """Those of now: the organisation's words stand in the policy."""
        kind = PasswordKind.ENTRA if self.settings.directory == "entra" else PasswordKind.EMBEDDED
        return PasswordRules(kind, self.settings.limits.password_length, organisation=self.policy().organisation)

    def application(self) -> web.Application:
        """The public listener."""
        return public_application(
            self.settings, self.content, self.site, self.channels, self.journeys, self.health, self.ring.mac,
            self.clock, self.drain, self.demo_desk, lambda: self.admin_url)

    def admin_application(self, site: Site) -> web.Application:
        """The admin listener."""
        return admin_application(
            self.settings, self.content, site, self.kept, self.people, self.journeys, self.password_rules(),
            self.clock, self._measured)

    async def drain(self, _app: web.Application | None = None) -> None:
        """Let turns that are under way finish, and stop those that cannot (F11)."""
        await self.channels.drain()
        await self.journeys.records.aside.drain(self.ending.left(TURNS))

    def _second_opinion(self) -> SecondOpinion | None:
        settings = self.settings
        if not settings.opinion_url:
            return None
        budget = OpinionBudget(self.store, self.clock, settings.opinion_per_minute, settings.opinion_per_day)
        return SecondOpinion(opinion_service(settings, self.session), budget, self.clock)

    async def _measured(self) -> bytes:
        kept = self.kept
        queued, failed = await kept.mails.counts()
        return self.metrics.text({
            "mails_queued": queued, "mails_failed": failed, "settlements_pending": await kept.pending.count(),
            "accounts_held": len(await kept.holds.held()), "verification_paused": bool(kept.trust.why_paused()),
            "audit_records": kept.audit.head.seq, "background_down": len(self.background.down),
        }, {"version": VERSION, "mode": self.settings.mode.value, "directory": self.settings.directory})
