"""Keyturn's command line, and the place where its parts are chosen and put together (with `bot.making`)."""

import gc
import signal

if __name__ == "__main__":
    gc.disable()    # Loading makes hardly any garbage, and looking for it takes a fifth of a start; see `cli`.
    _INTERRUPTED = signal.getsignal(signal.SIGINT)
    if _INTERRUPTED is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)    # Ctrl-C while modules load ends it without a traceback.

import asyncio
import errno
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path

import click
import structlog
import uvloop
from aiohttp import ClientSession, web

from bot import VERSION, age_doctor, memory
from bot import audit as trail_of
from bot.admin import place as admin_place
from bot.admin.accounts import ACCOUNTS, REQUESTS, account_routes, request_routes, waiting
from bot.admin.front import front_routes
from bot.admin.help_cases import CASES, case_routes
from bot.admin.metrics_page import metrics_routes
from bot.admin.pages import AdminPages, Room
from bot.admin.questions import Keeper, keeper_rooms
from bot.admin.session import SessionCookie
from bot.admin.signing_in import SigningIn
from bot.background import Background
from bot.browser import BrowserCookie
from bot.channel.adapter import Adapter
from bot.channel.connector import BotConnectors
from bot.channel.directline import PREFIX as DIRECT_LINE
from bot.channel.directline import DirectLine
from bot.channel.directline_door import Door
from bot.channel.directline_tokens import DirectLineTokens
from bot.channel.gate import Gate
from bot.channel.hosts import ReplyHosts
from bot.channel.keys import ChannelKeys
from bot.channel.knocks import Knocks
from bot.channel.outbox import Outbox as ChannelOutbox
from bot.channel.outbox import open_session
from bot.channel.proxies import client_address
from bot.channel.sign_on import SignOn
from bot.channel.sign_on import metadata_url as sign_on_keys
from bot.channel.tokens import TokenVerifier
from bot.clock import Clock, SharedClock, utc
from bot.content import Content, ContentError, load_content
from bot.content.helpdesk import HelpWords
from bot.content.mails import MailWords
from bot.content.own_phrases import OwnPhrases, with_own
from bot.content.parsed import Parsed
from bot.content.proofreading import in_order, proofread, read_styles
from bot.content_in_force import ContentInForce
from bot.delivery.mail import MailWorker, Smtp
from bot.delivery.mailbox import Mailbox
from bot.directory import demo
from bot.directory.demo_desk import DemoDesk
from bot.directory.demo_staff import seed_staff
from bot.directory.embedded import Embedded
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Directory
from bot.doctor import Finding
from bot.ending import BACKGROUND, TURNS, Ending
from bot.errors import KeyturnError, SettingsError, StoreUnavailable
from bot.journeys.aftermath import PasswordSet
from bot.journeys.alarm import OPERATION as FREEZE
from bot.journeys.alarm import Alarm, Frozen
from bot.journeys.casework import PROVE
from bot.journeys.change_password import ChangePassword as ChangePasswordJourney
from bot.journeys.doing import Doing
from bot.journeys.ending_cases import EndingCases
from bot.journeys.ending_pause import END_PAUSE, EndingPause
from bot.journeys.errands import Errands
from bot.journeys.fetch_a_person import HELP_WISH
from bot.journeys.fetch_a_person import FetchAPerson as FetchAPersonJourney
from bot.journeys.forgetting import Forgetting
from bot.journeys.forgot_password import ForgotPassword as ForgotPasswordJourney
from bot.journeys.helpdesk import HELP_ACT, Helpdesk
from bot.journeys.helping import STAFF_ACT, Helping
from bot.journeys.my_status import MyStatus as MyStatusJourney
from bot.journeys.not_answered import NotAnswered
from bot.journeys.pages import Pages
from bot.journeys.password_page import ChangePage, ResetPage
from bot.journeys.proof_page import ProofPage
from bot.journeys.records import Records
from bot.journeys.recovery_codes import CodesMade, RecoveryCodesPage
from bot.journeys.recovery_codes import RecoveryCodes as RecoveryCodesJourney
from bot.journeys.register_method import (
    Changes,
    MethodsChanged,
    RegisterApp,
    RegisterAppPage,
    RegisterMail,
    RemoveMethod,
    RenameMethod,
)
from bot.journeys.reminding import Reminding
from bot.journeys.settlement import Settlement
from bot.journeys.staffing import STAFF_CHANGE, Staffing
from bot.journeys.temporary_pass import PassGiven, TemporaryPassPage
from bot.journeys.temporary_pass import TemporaryPass as TemporaryPassJourney
from bot.journeys.unlock_account import LOOK_AGAIN, SecondLook, Unlocked
from bot.journeys.unlock_account import UnlockAccount as UnlockAccountJourney
from bot.listening import cannot_listen, look_ahead
from bot.log_stream import losing
from bot.looks import examined
from bot.making import app_token_of, bot_token_of, entra_of, opinion_service, policy_of, ring_of
from bot.metrics import Metrics
from bot.pages import bundle
from bot.pages.alarm import DEAD, alarm_routes
from bot.pages.assets import Assets, served
from bot.pages.demo import demo_routes
from bot.pages.dialog import TEAMS_HOSTS, dialog_routes
from bot.pages.error_pages import PAGES, error_pages
from bot.pages.forgery import FormTokens
from bot.pages.headers import protect
from bot.pages.health import Health
from bot.pages.listener import Listener
from bot.pages.rendering import STATIC, Renderer
from bot.pages.secure import Asked, secure_routes
from bot.pages.secure_faces import Faces, Frame
from bot.pages.web_chat import web_chat_routes
from bot.people import Speaker
from bot.policy_file import parsed, read
from bot.policy_in_force import PolicyInForce
from bot.rules.helping import clean_reason
from bot.rules.limits import too_loose
from bot.rules.masking import masked
from bot.rules.passwords import Kind as PasswordKind
from bot.rules.passwords import Policy as PasswordRules
from bot.rules.policy import TEMPORARY_PASS, Policy, values
from bot.rules.staff import ROLES, Staff, canonical_staff_name
from bot.second_opinion import SecondOpinion
from bot.secret import Secret
from bot.settings import Settings, WebChat, environment, load, look
from bot.site import Site
from bot.store import keys
from bot.store.accounts import Accounts
from bot.store.ages import Ages
from bot.store.alarm_links import AlarmLinks
from bot.store.audit_trail import RedisAuditTrail
from bot.store.cases import SealedCases
from bot.store.codes import HashedCodes
from bot.store.connection import Store
from bot.store.conversations import ConversationStorage
from bot.store.direct_line import ConversationLogs, Wakes
from bot.store.embedded import EmbeddedServer
from bot.store.enrolments import SealedEnrolments
from bot.store.helpdesk import SealedHelpCases
from bot.store.helping import HelpForms
from bot.store.holds import RedisHolds
from bot.store.mode import claim
from bot.store.news import RedisNews
from bot.store.one_time_codes import HashedOneTimeCodes
from bot.store.opinions import OpinionBudget
from bot.store.outbox import RedisOutbox
from bot.store.pending import RedisPending
from bot.store.policy_mark import PolicyMark
from bot.store.ratings import Ratings
from bot.store.refusals import RedisRefusals
from bot.store.sealed import KeyRing, kept_keys
from bot.store.shared_time import SharedTime
from bot.store.snoozes import RedisSnoozes
from bot.store.soundness import check as check_store
from bot.store.staff import RedisStaff
from bot.store.staff_sessions import StaffSessions
from bot.store.tries import RedisTries
from bot.store.trust import Trust
from bot.store.unanswered import UnansweredQuestions
from bot.store.watch import MarkFile, Watch
from bot.teams_app.package import About as AboutTheApp
from bot.teams_app.package import App as TeamsApp
from bot.teams_app.package import package
from bot.understanding import ErrorFinder, Reader, open_reader
from bot.understanding.overlaps import overlaps
from bot.understanding.report import (
    RowsError,
    phrases_of,
    report,
    rows_of,
    share_right,
    understood,
    weakest_phrases,
)
from bot.verification.email_code import EmailCode
from bot.verification.it_code import ItCode
from bot.verification.new_address import NewAddress
from bot.verification.protocol import Authenticator
from bot.verification.recovery_code import RecoveryCode
from bot.verification.totp import Totp, new_seed
from dialogs.answer_question import AnswerQuestion
from dialogs.buttons import Buttons
from dialogs.change_password import ChangePassword
from dialogs.explain_error import ExplainError
from dialogs.fetch_a_person import FetchAPerson
from dialogs.follow_ups import FollowUps
from dialogs.forget_me import ForgetMe
from dialogs.forgot_password import ForgotPassword
from dialogs.front_desk import FrontDesk
from dialogs.handover import Handover
from dialogs.manners import Manners
from dialogs.my_status import MyStatus
from dialogs.not_me import NotMe
from dialogs.offers import Offers
from dialogs.phrases import password_words
from dialogs.recovery_codes import RecoveryCodes
from dialogs.register_method import RegisterMethod
from dialogs.reminders import Reminders
from dialogs.talk import Floor, InWindows
from dialogs.temporary_pass import TemporaryPass
from dialogs.turns import Turns
from dialogs.unlock_account import UnlockAccount
from dialogs.what_here import WhatHere

log = structlog.get_logger("keyturn")

JOURNEYS = {"forgot_password": "reset", "change_password": "change", "unlock_account": "unlock",
            "recovery_codes": "recovery_codes", "register_method": "register_app",
            "temporary_pass": TEMPORARY_PASS, "fetch_a_person": ""}
"""The conversations that can be begun, and the operation of each, where it has one that needs proof."""
ADMIN = Path(__file__).parent / "bot" / "admin"
EVALUATION = Path(__file__).parent / "tests" / "understanding" / "evaluation.jsonl"
CONTENT = Path(__file__).parent / "bot" / "content"
REGISTERING = {one.operation: one for one in (RegisterApp, RegisterMail, RenameMethod, RemoveMethod)}
BEAT = 0.25                 # seconds; the pace of steps that could tell of an account (E2)
LEARNING = "Learning to understand (about half a minute, only the first time) ..."
LEAVING_SECONDS = 3.0       # /readyz says 503 before the door closes, for load balancers to notice (F11)
END_SECONDS = 27.0          # from then on, for everything; of the 30 a service has to end in (F11)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
NOBODY_OF_IT = "nobody of IT can sign in until somebody has seen `staff list` and ended the pause"


class Desk:
    """Every part of a running Keyturn over one store. Nothing here decides anything; it only connects."""

    admin_url = ""      # of the admin listener, once it is there

    def __init__(self, settings: Settings, content: Content, reader: Reader, store: Store, ring: KeyRing,
                 clock: Clock, beat: float = BEAT, end_seconds: float = END_SECONDS) -> None:
        limits = settings.limits
        self.settings, self.content, self.store, self.clock = settings, content, store, clock
        self.ring, self.metrics, self.ending, self.replica = ring, Metrics(), Ending(end_seconds), secrets.token_hex(4)
        here = (f"{name}:{settings.port}" for name in ("localhost", "127.0.0.1", "[::1]"))
        self.site = Site.of(settings.base_url, also=frozenset(here) if settings.development else frozenset())

        # What is kept.
        self.trust = Trust(store, clock, self._verification_paused)
        self.audit = RedisAuditTrail(store, ring, clock, self.replica, self.trust.hold, self.metrics.record)
        self.watch = Watch(SharedTime(store, clock, self.trust), self.trust, self.audit, _mark_of(settings)) \
            if isinstance(clock, SharedClock) else None
        self.tries = RedisTries(self.trust, limits, clock)
        self.cases = SealedCases(store, ring, limits, clock)
        self.enrolments = SealedEnrolments(store, ring)
        self.pending, self.mails = RedisPending(store), RedisOutbox(store, ring, clock)
        self.accounts, self.it = Accounts(store, ring), RedisStaff(store, ring, clock)
        self.mailbox, links = Mailbox(store, ring, clock), AlarmLinks(store, ring, clock)
        self.holds, self.one_time_codes = RedisHolds(store), HashedOneTimeCodes(store, self.trust, ring, clock)
        self.ratings, self.unanswered = (
            Ratings(store, clock), UnansweredQuestions(store, ring, clock, limits.unanswered_kept_seconds))
        self.policy_in_force = PolicyInForce(
            settings.policy_path, limits, PolicyMark(store), self.audit, required=settings.policy is not None,
            guids=settings.groups_have_guids)

        # Who people are, and how they prove it.
        self.hashes = PasswordHashes()
        self.session, self.app_token = open_session(), app_token_of(settings) if settings.directory == "entra" else None
        self.directory: Directory = Embedded(self.accounts, self.hashes, clock) if self.app_token is None \
            else entra_of(settings, self.session, self.app_token, store, clock, lambda: self.policy().groups)
        authenticators: dict[str, Authenticator] = {one.name: one for one in (
            Totp(self.enrolments, self._cool_down, clock),
            RecoveryCode(self.enrolments, self._cool_down, clock),
            ItCode(self.one_time_codes),
            NewAddress(HashedCodes(store, ring, clock), self.mails, self.tries, limits, clock),
            EmailCode(HashedCodes(store, ring, clock), self.enrolments, self.mails, self.tries, limits, clock,
                      directory=self.directory, cool_down=self._cool_down))}

        # The channels. The adapter's logic is set below: it needs the knocks, which need the adapter.
        self.adapter = Adapter(self._turn, self._apologise)
        self.token = bot_token_of(settings, self.session, clock) if settings.app_id else None
        self.sign_on = self._sign_on() if settings.teams_sign_on else None
        hosts = ReplyHosts(settings.reply_hosts)
        connectors = BotConnectors(ChannelOutbox(self.session, hosts, self.token, clock))
        for scheme in ("https", "http"):
            self.adapter.connect(scheme, connectors)
        self.keys = ChannelKeys(self.session, settings.openid_metadata_url, clock) if settings.app_id else None
        self.gate = Gate(self.adapter, connectors, hosts, limits=limits, verifier=self._verifier(),
                         tenants=settings.served_tenants,
                         trusted_proxies=settings.trusted_proxies)
        self.cookie = BrowserCookie(secure=self.site.secure)
        self.direct_line = DirectLine(
            self.adapter,
            Door(ConversationLogs(store, ring, limits.abandoned_seconds), DirectLineTokens(ring, clock),
                 self.cookie, self.site, limits, lambda request: client_address(request, settings.trusted_proxies)),
            Wakes(store, self.replica), clock, self.ending,
            away=Adapter(self._answer_without_store, self._apologise))
        self.knocks = Knocks(self.adapter)

        # The journeys.
        self.records = records = Records(
            self.audit, self.mails, self.directory, self.enrolments, clock, RedisRefusals(store), links,
            settings.base_url)
        password_set, self.ending_cases = (
            PasswordSet(self.directory, records), EndingCases(self.cases, self.pending, records, clock))
        self.errands, self.helping = self._done_later()
        self.fetch_a_person, self.helpdesk = self._helpdesk()
        self.settlement = Settlement(
            self.directory,
            {"reset": password_set, "change": password_set, "unlock": Unlocked(self.directory, records, self.errands),
             "recovery_codes": CodesMade(self.enrolments, records),
             TEMPORARY_PASS: PassGiven(self.directory, records),
             **dict.fromkeys(REGISTERING, MethodsChanged(self.enrolments, records)),
             FREEZE: Frozen(self.directory, self.holds, self.fetch_a_person, records, clock)},
            self.cases, self.pending, self.ending_cases, records, self.knocks, self.tries, clock)
        doing = Doing(self.directory, self.enrolments, self.cases, self.tries, self.holds, self.pending, records,
                      self.settlement, self.policy, clock)
        work = (self.directory, authenticators, self.enrolments, self.cases, self.tries, self.holds, self.ending_cases,
                records, ring.pseudonym, self._phrase, self.policy, limits, clock, settings.base_url, beat)
        self.forgot_password = ForgotPasswordJourney(*work)
        unlock_account = UnlockAccountJourney(*work, doing=doing)
        changes = Changes(self.directory, self.enrolments, doing, limits, clock)
        registering = {name: one(*work, changes=changes) for name, one in REGISTERING.items()}
        self.pages = Pages(self.cases, {
            "recovery_codes": RecoveryCodesPage(self.directory, doing, limits, clock, masked, self.enrolments),
            "reset": ResetPage(self.directory, doing, self.tries, self.password_rules, limits, clock, masked),
            "change": ChangePage(self.directory, doing, self.tries, self.password_rules, limits, clock, masked),
            TEMPORARY_PASS: TemporaryPassPage(self.directory, doing, limits, clock, masked),
            "register_app": RegisterAppPage(self.directory, changes, self.tries, limits, clock, masked),
            PROVE: ProofPage(self.forgot_password, self.knocks, clock),
        }, limits, clock, sign_on=settings.teams_sign_on)
        self.demo_desk = DemoDesk(
            self.accounts, self.enrolments, self.mailbox, clock, self.it, settings.helpdesk_address, self.cases)

        self.alarm, self.second_opinion = Alarm(
            self.directory, self.cases, self.holds, self.pending, self.settlement, self.fetch_a_person, links,
            clock), self._second_opinion()

        # The conversations.
        self._conversations = [
            ForgotPassword(self.forgot_password, limits, clock),
            ChangePassword(ChangePasswordJourney(*work), limits, clock),
            UnlockAccount(unlock_account, limits, clock), RecoveryCodes(RecoveryCodesJourney(*work), limits, clock),
            TemporaryPass(TemporaryPassJourney(*work), limits, clock),
            RegisterMethod(registering["register_app"], limits, clock, registering)]
        self.understand(reader, ErrorFinder(content.errors.values()))
        self.background, self.content_in_force = Background(), ContentInForce(
            content, partial(_content, settings), _content_places(settings), _models(settings), self.understand,
            self.audit)
        self.health = Health({"store": store.ping, **({"channel keys": self._keys_ready} if self.keys else {})},
                             lambda: self.background.down, self.trust.why_paused)

    def _verifier(self) -> TokenVerifier | None:
        settings = self.settings
        return TokenVerifier(
            self.keys, self.clock, app_id=settings.app_id, issuer=settings.channel_issuer,
            skew_seconds=settings.limits.clock_skew_seconds) if self.keys else None

    def _sign_on(self) -> SignOn:
        settings = self.settings
        return SignOn(
            ChannelKeys(self.session, sign_on_keys(settings.login_url), self.clock), self.clock, app_id=settings.app_id,
            login_url=settings.login_url, skew_seconds=settings.limits.clock_skew_seconds)

    def _windows(self) -> InWindows:
        """Teams shows nothing inside itself but https, and our page there needs its library."""
        if self.settings.teams_sign_on:
            return InWindows.ONLY
        there = self.site.secure and bundle.TEAMS.present(self.settings.data_dir)
        return InWindows.YES if there else InWindows.NO

    def _helpdesk(self) -> tuple[FetchAPersonJourney, Helpdesk]:
        """Both halves of helpdesk cases."""
        settings, clock = self.settings, self.clock
        cases = SealedHelpCases(self.store, self.ring, settings.limits, clock)
        helpdesk = Helpdesk(cases, self.audit, self.directory, RedisNews(self.store, self.ring), self.knocks,
                            self.records, self.errands, clock)
        people = FetchAPersonJourney(
            cases, self.audit, self.records, self.mails, self.directory, self.errands, clock,
            settings.helpdesk_address, settings.helpdesk_lang, HelpWords(self.content).mail)
        self.errands.kinds.update({HELP_ACT: helpdesk.finish, HELP_WISH: people.finish})
        return people, helpdesk

    def _done_later(self) -> tuple[Errands, Helping]:
        """The errands of all replicas, and what IT does for accounts: what that died over is one of them."""
        store, ring, clock = self.store, self.ring, self.clock
        errands = Errands(RedisPending(store, keys.ERRANDS, keys.ERRAND_LOOKS), {LOOK_AGAIN: SecondLook(
            self.cases, self.directory, RedisNews(store, ring), self.knocks, self.records)}, clock)
        helping = Helping(
            self.directory, self.enrolments, self.holds, self.tries, self.audit, self.records,
            HelpForms(store, ring, clock), self.one_time_codes, errands, self.settings.limits.it_code_seconds, clock)
        self.staffing = Staffing(self.it, self.tries, self.audit, errands)
        errands.kinds.update({
            STAFF_ACT: helping.finish, STAFF_CHANGE: self.staffing.finish,
            END_PAUSE: EndingPause(self.trust, self.audit, errands).finish})
        return errands, helping

    def understand(self, reader: Reader, finder: ErrorFinder) -> None:
        """Understand by these from the next turn on; what is made of the content's words is made anew."""
        self.turns = Turns(
            ConversationStorage(self.store, self.ring, self.settings.limits), self._front_desk(reader, finder),
            self.content, self.settings.limits, self._redact, self.metrics, self._windows())

    def _front_desk(self, reader: Reader, finder: ErrorFinder) -> FrontDesk:
        content, ratings = self.content, self.ratings
        offers = Offers(JOURNEYS, self.policy, visitors=self.settings.chat is WebChat.FULL)
        status = MyStatus(
            MyStatusJourney(self.directory, self.enrolments, self.holds, self.audit, self.clock),
            self.policy, offers, self.clock)
        people = FetchAPerson(self.fetch_a_person, HelpWords(content), self.settings.limits, self.clock)
        not_me = NotMe(self.settings.limits, self.clock, self.alarm)
        forget_me = ForgetMe(
            self.settings.limits, self.clock,
            Forgetting(self.cases, self.ending_cases, self.enrolments, self.holds, self.fetch_a_person),
            self._clear)
        reminding = Reminding(self.enrolments, RedisSnoozes(self.store), self.audit, self.policy, self.clock)
        floor = Floor([*self._conversations, people, not_me, forget_me])
        answers = AnswerQuestion(
            content, ratings, offers, WhatHere(offers), Manners(status, offers),
            lambda operation, in_teams: bool(self.directory.cannot(operation, signs_on=in_teams)))
        errors, reminders = ExplainError(content, ratings, offers), Reminders(status, reminding, offers, self.clock)
        handover = Handover(floor, people, not_me, forget_me, offers, self.site.base_url)
        return FrontDesk(
            floor, answers, errors, status, reminders, handover,
            Buttons(floor, answers, errors, status, reminders, handover), FollowUps(answers, handover),
            reader, finder,
            content, self.clock, NotAnswered(self.unanswered, content.phrases), self.second_opinion,
            password_words(content))

    def _second_opinion(self) -> SecondOpinion | None:
        settings = self.settings
        if not settings.opinion_url:
            return None
        budget = OpinionBudget(self.store, self.clock, settings.opinion_per_minute, settings.opinion_per_day)
        return SecondOpinion(opinion_service(settings, self.session), budget, self.clock)

    def policy(self) -> Policy:
        """The one in force now."""
        return self.policy_in_force.now

    def _cool_down(self) -> float:
        return self.policy().cool_down_seconds

    def password_rules(self) -> PasswordRules:
        """Those of now: the organisation's words stand in the policy."""
        kind = PasswordKind.ENTRA if self.settings.directory == "entra" else PasswordKind.EMBEDDED
        return PasswordRules(kind, self.settings.limits.password_length, organisation=self.policy().organisation)

    def application(self) -> web.Application:
        """The public listener."""
        assets = Assets.read(STATIC)
        renderer = Renderer(self.content, assets.url)
        app = web.Application(client_max_size=self.settings.limits.body_bytes)
        protect(app, self.site, any_host=frozenset({"/healthz", "/readyz"}))
        app.middlewares.append(error_pages(renderer, {**PAGES, "/alarm/": DEAD}))
        app.on_shutdown.append(self.drain)
        app.router.add_route("*", "/api/messages", self.gate.handle)
        app.add_routes([*self.health.routes(), *assets.routes()])
        if self.settings.chat is not WebChat.OFF:
            app.add_subapp(DIRECT_LINE, self.direct_line.app())
            app.add_routes(web_chat_routes(renderer, self.site, self.cookie, self.settings.data_dir))
        app.add_routes(secure_routes(
            self.pages, renderer, site=self.site, cookie=self.cookie, mac=self.ring.mac, clock=self.clock,
            body_seconds=self.settings.limits.body_seconds))
        app.add_routes(self._dialog_routes(renderer))
        app.add_routes(alarm_routes(
            self.alarm, renderer, site=self.site, cookie=self.cookie, mac=self.ring.mac, clock=self.clock, mask=masked,
            source=lambda request: client_address(request, self.settings.trusted_proxies),
            body_seconds=self.settings.limits.body_seconds))
        if self.settings.development:
            app.add_routes(demo_routes(
                self.demo_desk, renderer, self.settings.data_dir, admin=lambda: self.admin_url))
        return app

    def _dialog_routes(self, renderer: Renderer) -> list[web.RouteDef]:
        """The secure pages inside Teams."""
        settings = self.settings
        library = served(bundle.TEAMS, settings.data_dir)
        if library is None:
            return []
        frame = Frame(TEAMS_HOSTS, library.url(bundle.TEAMS.script))
        asked = Asked.of(
            self.pages, Faces(renderer, frame), self.site, self.ring.mac, self.clock, settings.limits.body_seconds)
        return [*library.routes(), *dialog_routes(asked, self.sign_on.person if self.sign_on else None)]

    def admin_application(self, site: Site) -> web.Application:
        """The admin listener: IT's pages and the metrics (U4)."""
        settings = self.settings
        assets = Assets.read(STATIC, ADMIN / "static")
        renderer = Renderer(self.content, assets.url, ADMIN / "templates")
        sessions = StaffSessions(self.store, self.trust, self.it, self.clock)
        pages = AdminPages(self.it, sessions, renderer, SessionCookie(secure=site.secure), FormTokens(self.ring.mac),
                           site, settings.limits.body_seconds)
        signing_in = SigningIn(
            self.it, sessions, self.staffing, self.hashes, self.enrolments, self.tries, self.audit,
            self.password_rules(), self.clock)
        helping = self.helping

        def source(request: web.Request) -> str:
            return client_address(request, settings.trusted_proxies)

        async def waits(me: Staff) -> Sequence[Mapping[str, object]]:
            return [waiting(one, me.id) for one in await helping.forms.waiting()]

        async def counts() -> Mapping[str, int]:
            cases = await self.helpdesk.open_ones()
            return {"cases": len(cases), "urgent": sum(one.urgent for one in cases),
                    "questions": len(await self.unanswered.all())}

        pages.rooms.extend([
            Room("/admin", "admin.nav.start", front_routes(
                pages, signing_in, self.clock, source, waits, counts)),
            Room(ACCOUNTS, "admin.nav.accounts", account_routes(pages, helping, source)),
            Room(CASES, "admin.nav.cases", case_routes(pages, self.helpdesk, HelpWords(self.content), source)),
            Room(REQUESTS, "", request_routes(pages, helping, source)),
            *keeper_rooms(Keeper(
                pages, self.content, self.unanswered, OwnPhrases(settings.data_dir), self.ratings, self.audit,
                source))])
        app = web.Application()
        protect(app, site, any_host=frozenset({"/metrics"}))
        app.middlewares.append(error_pages(renderer, {"/admin": "admin_error.html"}))
        app.add_routes([*assets.routes(), *metrics_routes(self._measured, _metrics_token(settings))])
        pages.guard(app)
        return app

    async def _measured(self) -> bytes:
        queued, failed = await self.mails.counts()
        return self.metrics.text({
            "mails_queued": queued, "mails_failed": failed, "settlements_pending": await self.pending.count(),
            "accounts_held": len(await self.holds.held()), "verification_paused": bool(self.trust.why_paused()),
            "audit_records": self.audit.head.seq, "background_down": len(self.background.down),
        }, {"version": VERSION, "mode": self.settings.mode.value, "directory": self.settings.directory})

    async def drain(self, _app: web.Application | None = None) -> None:
        """Let turns that are under way finish, and stop those that cannot (F11)."""
        await self.gate.drain(self.ending.left(TURNS))
        await self.knocks.drain(self.ending.left(TURNS))
        await self.records.aside.drain(self.ending.left(TURNS))

    def _turn(self, context: object, speaker: Speaker) -> Awaitable[None]:
        return self.turns(context, speaker)

    def _answer_without_store(self, context: object, speaker: Speaker) -> Awaitable[None]:
        return self.turns.answer(context, speaker)

    async def _apologise(self, context: object, _error: Exception) -> None:
        await self.turns.apologise(context)

    async def _verification_paused(self, why: str) -> None:
        await self.audit.append(trail_of.entry("verification.paused", outcome="refused", reason=why))

    async def _redact(self, speaker: Speaker, activity_id: str) -> None:
        if speaker.in_our_web_chat:
            await self.direct_line.redact(speaker.conversation, activity_id)

    async def _clear(self, speaker: Speaker) -> None:
        if speaker.in_our_web_chat:
            await self.direct_line.clear(speaker.conversation)

    async def _keys_ready(self) -> None:
        assert self.keys is not None
        self.keys.refresh_if_old()
        if not self.keys.ready:
            raise KeyturnError("no channel keys yet")

    def _phrase(self, lang: str) -> str:
        words = self.content.say(lang, "phrase.words").split()
        return " ".join(secrets.SystemRandom().sample(words, 2))


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    """Everything that works beside the turns: sweeper, mail, clock; and its end, in order (F11)."""
    async with AsyncExitStack() as at_end:
        at_end.push_async_callback(desk.store.close)
        at_end.push_async_callback(desk.session.close)
        if desk.token is not None:
            at_end.push_async_callback(desk.token.close)
        if desk.app_token is not None:
            at_end.push_async_callback(desk.app_token.close)
        if desk.sign_on is not None:
            at_end.push_async_callback(desk.sign_on.keys.close)
            desk.sign_on.keys.refresh_if_old()
        if desk.keys is not None:
            at_end.push_async_callback(desk.keys.close)
            desk.keys.refresh_if_old()
        _begin_background(desk)
        at_end.push_async_callback(_end_background, desk)
        if desk.settings.development:
            await demo.seed(desk.accounts, desk.enrolments, desk.hashes, desk.clock.now())
            if desk.settings.admin_port:
                await seed_staff(desk.it, desk.hashes)
        # An embedded store has no other user: whatever was begun belongs to a process that is gone (F1).
        await desk.policy_in_force.begin()
        await desk.settlement.sweep(orphaned=not desk.settings.redis_url.get_secret_value())
        yield
        await desk.drain()      # what the last requests began


async def _end_background(desk: Desk) -> None:
    await desk.background.end(desk.ending.left(BACKGROUND))


@asynccontextmanager
async def listening(desk: Desk) -> AsyncIterator[None]:
    """The public listener; it lets what it has taken in finish before it is gone. Raises SettingsError."""
    settings = desk.settings
    runner = Listener(desk.application(), desk.site, settings.limits, desk.ending)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
        except OSError as error:
            raise cannot_listen("PORT", settings.host, settings.port, error) from error
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def admin_listening(desk: Desk) -> AsyncIterator[None]:
    """The admin listener, unless it is switched off. Raises SettingsError."""
    settings = desk.settings
    if not settings.admin_port:
        yield
        return
    listens = _admin_socket(settings)
    port = listens.getsockname()[1]
    desk.admin_url = settings.admin_base_url(port)
    site = Site.of(desk.admin_url, also=frozenset() if settings.admin_url else frozenset({f"localhost:{port}"}))
    runner = Listener(desk.admin_application(site), site, settings.limits, desk.ending)
    await runner.setup()
    try:
        await web.SockSite(runner, listens).start()
        if settings.development:
            admin_place.note(settings.data_dir, desk.admin_url)
        yield
    finally:
        admin_place.forget(settings.data_dir)
        await runner.cleanup()


def _admin_socket(settings: Settings) -> socket.socket:
    """Where the admin listener is."""
    family = socket.AF_INET6 if ":" in settings.admin_host else socket.AF_INET
    try:
        return socket.create_server((settings.admin_host, settings.admin_port), family=family, backlog=128)
    except OSError as error:
        if not settings.admin_port_may_move:
            raise cannot_listen("KEYTURN_ADMIN_PORT", settings.admin_host, settings.admin_port, error) from error
    log.warning("admin_port_taken", port=settings.admin_port, instead="a free one")
    return socket.create_server((settings.admin_host, 0), family=family, backlog=128)


def _look_at_ports(settings: Settings) -> None:
    look_ahead("PORT", settings.host, settings.port)
    if settings.admin_port and not settings.admin_port_may_move:
        look_ahead("KEYTURN_ADMIN_PORT", settings.admin_host, settings.admin_port)


def _metrics_token(settings: Settings) -> Secret | None:
    """What Prometheus has to send; None: nobody reads the metrics."""
    given = settings.metrics_token.get_secret_value()
    if not given and settings.development:
        given = kept_keys(settings.data_dir, "metrics-token")[0]
    return Secret(given) if given else None


def _begin_background(desk: Desk) -> None:
    settings = desk.settings
    smtp_url = settings.smtp_url.get_secret_value()
    postman = Smtp(smtp_url, settings.mail_from, desk.clock) if smtp_url else desk.mailbox

    if smtp_url or settings.development:
        mail = MailWorker(desk.mails, postman, MailWords(desk.content))
        desk.background.keep("mail", mail.run, mail.finish)
    desk.background.keep("sweeper", desk.settlement.keep_sweeping)
    desk.background.keep("errands", desk.errands.keep_running)
    desk.background.keep("ratings", desk.ratings.keep, desk.ratings.finish)
    desk.background.keep("policy", desk.policy_in_force.keep)
    desk.background.keep("content", desk.content_in_force.keep)
    if desk.watch is not None:
        desk.background.keep("store watch", desk.watch.keep)
    if settings.chat is not WebChat.OFF:
        for name, work in desk.direct_line.works().items():
            desk.background.keep(name, work)


async def _serve(settings: Settings, content: Content, reader: Reader, redis_url: str, ring: KeyRing) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopped.set)
    clock = SharedClock()
    store = Store.open(redis_url)
    if settings.redis_url.get_secret_value():
        await check_store(store)
        await claim(store, development=settings.development)
    desk = Desk(settings, content, reader, store, ring, clock)
    assert desk.watch is not None
    await desk.watch.begin()
    try:
        await Ages(store, ring, clock).note(age_doctor.in_use(settings))
    except StoreUnavailable:
        log.warning("ages.not_noted")       # Only `doctor` would have asked.
    async with running(desk), listening(desk), admin_listening(desk):
        # What lives now lives for good: the collector need not look at it again (it paused turns by 40 ms).
        gc.collect()
        gc.freeze()
        memory.settle()
        print(f"Keyturn is ready: {settings.base_url}/", flush=True)  # noqa: T201 the contract of `serve`
        if desk.admin_url:
            print(f"Admin pages: {desk.admin_url}/admin", flush=True)  # noqa: T201
        await stopped.wait()
        desk.health.leaving = True
        desk.ending.begin()
        if not settings.development:
            await asyncio.sleep(LEAVING_SECONDS)


@contextmanager
def _redis(settings: Settings) -> Iterator[str]:
    """The URL of the store: the one that is set, or a server started for as long as we run."""
    if given := settings.redis_url.get_secret_value():
        yield given
        return
    server = EmbeddedServer(settings.data_dir / "redis")
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def _mark_of(settings: Settings) -> MarkFile:
    return MarkFile(settings.data_dir, settings.redis_url.get_secret_value())


def _content(settings: Settings) -> Content:
    """Raises ContentError, and SettingsError where the folder that is set is none."""
    if settings.content and not settings.content.is_dir():
        raise SettingsError(f"KEYTURN_CONTENT: {settings.content} is not a folder")
    own = OwnPhrases(settings.data_dir)
    content = load_content(own=settings.content_path, actions=frozenset(JOURNEYS),
                           parsed=Parsed(_models(settings) / "content"))
    if settings.helpdesk_lang not in content.languages:
        raise ContentError([f"KEYTURN_HELPDESK_LANGUAGE: there is no content in {settings.helpdesk_lang}"])
    try:
        return with_own(content, own.all())
    except OSError as trouble:
        raise ContentError([f"{own.path}: {trouble.strerror}"]) from trouble


def _content_places(settings: Settings) -> list[Path]:
    """Where what is said and understood comes from."""
    return [CONTENT, settings.content_path, OwnPhrases(settings.data_dir).path]


def _models(settings: Settings) -> Path:
    return settings.data_dir / "understanding"


def _reader(settings: Settings, content: Content) -> Reader:
    return open_reader(content, _models(settings), lambda: click.echo(LEARNING, err=True))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keyturn, a password helpdesk bot.

    Exit codes: 0 well, 1 not well, 2 wrong usage.
    """
    gc.freeze()     # what is loaded by now stays
    gc.set_threshold(10_000, 20, 20)    # a turn makes hundreds of objects and hardly a cycle; looking took 3 % of it
    gc.enable()
    _log_to_stderr(look(environment()).settings)


@cli.command()
def serve() -> None:
    """Run the bot until it is told to stop."""
    sys.stdout = losing(sys.stdout)     # a log as well, where it is a service
    settings = load(environment())
    for line in too_loose(settings.limits):
        log.warning("loose_limit", limit=line, allowed="in development only")
    policy_of(settings)
    # A folder that is in use or takes nothing, or a port that is taken, is said before minutes go into learning.
    with _redis(settings) as redis_url:
        _look_at_ports(settings)
        content = _content(settings)
        uvloop.run(_serve(settings, content, _reader(settings, content), redis_url, ring_of(settings)))


@cli.command()
@click.argument("text", required=False)
@click.option("--batch", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="JSON Lines, UTF-8, with a field text; one answer line for each line, in the same order.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of words.")
def ask(text: str | None, batch: Path | None, as_json: bool) -> None:
    """What the bot understands by TEXT; needs no server and no Redis.

    In a batch, an empty line and a text that is null are answered as an empty message is: out_of_scope. A line that
    cannot be read (not UTF-8, no JSON object, no text, a text that is no string) ends it with exit code 2 and the
    line's number; the answers up to there stand. A half character comes back as the escape it came as.
    """
    if (text is None) == (batch is None):
        raise click.UsageError("give either TEXT or --batch FILE")
    # Nothing here needs a service: settings that cannot be served with are no obstacle.
    settings = look(environment()).settings
    content = _content(settings)
    reader = _reader(settings, content)
    if batch is not None:
        # Lines of bytes end at line feeds only; lines of text would at U+2028 and its like too.
        with batch.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                click.echo(json.dumps(_understood(reader, _text_of(line, number)), ensure_ascii=False))
        return
    assert text is not None
    reading = reader.read(text)
    if as_json:
        click.echo(json.dumps(_understood(reader, text), ensure_ascii=False))
        return
    answer = content.topics[reading.answers[0]].texts[reading.lang]
    click.echo(f"{reading.topic} ({reading.confidence:.2f}, {reading.lang})\n\n{answer.short}")


@cli.command()
def doctor() -> None:
    """Check every setting and every outside service it names."""
    found = look(environment())
    remedy = "see `python app.py settings`"
    findings = [Finding("settings", False, problem, remedy) for problem in found.problems]
    findings += [] if findings else [Finding("settings", True, f"{found.settings.mode.value} mode")]
    # What is set is looked at, whatever else is missing.
    findings += uvloop.run(examined(found.settings, partial(_content, found.settings)))
    for finding in findings:
        click.echo(finding.line())
    sys.exit(0 if all(one.well for one in findings) else 1)


@cli.command(name="teams-package")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("keyturn-teams.zip"),
              show_default=True, help="Where to write it.")
@click.option("--app-version", default="1.0.0", show_default=True,
              help="Teams offers an update where this is higher than what is installed.")
@click.option("--developer", default="Keyturn", show_default=True, help="Who Teams says has made the app.")
@click.option("--website", default="", help="Your page about the service; the public address, if not given.")
@click.option("--privacy", default="", help="Your page about privacy; the website, if not given.")
@click.option("--terms", default="", help="Your terms of use; the website, if not given.")
def teams_package(out: Path, app_version: str, developer: str, website: str, privacy: str, terms: str) -> None:
    """Write the app package for Teams: manifest, words in every language, icons.

    It is for the bot of MicrosoftAppId at KEYTURN_PUBLIC_URL, which have to be set.
    """
    settings = load(environment())
    website = website or f"{settings.base_url}/"
    app = TeamsApp(
        settings.app_id, settings.base_url, app_version,
        AboutTheApp(developer, website, privacy or website, terms or website))
    packed = package(app, _content(settings))
    try:
        out.write_bytes(packed)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{out} is written; for single sign-on its registration needs the application ID URI {app.resource}")


@cli.command(name="settings")
def settings_() -> None:
    """List every setting: name, value, default, ceiling, what it does.

    Secrets, and passwords in addresses, are masked. Whatever is wrong is said at the end, on stderr, one line
    for each problem; then the exit code is 1.
    """
    found = look(environment())
    for line in found.lines:
        ceiling = f" [{line.ceiling}]" if line.ceiling else ""
        click.echo(f"{line.name}={line.value}  (default: {line.default or 'none'}){ceiling}\n    {line.what}")
    problems = [*found.problems, *_unusable(found.settings)]
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1 if problems else 0)


def _unusable(settings: Settings) -> Iterator[str]:
    """What only those who use a setting can say about it."""
    redis_url, smtp_url = settings.redis_url.get_secret_value(), settings.smtp_url.get_secret_value()
    keys = [one.get_secret_value() for one in settings.secret_keys]
    uses: tuple[Callable[[], object], ...] = (
        lambda: redis_url and Store.open(redis_url),
        lambda: keys and KeyRing.parse(keys),
        lambda: smtp_url and Smtp(smtp_url, settings.mail_from, SharedClock()),
        lambda: policy_of(settings))
    for use in uses:
        try:
            use()
        except SettingsError as error:
            yield str(error)


@cli.group(name="content")
def content_() -> None:
    """What the bot knows, for those who write it."""


@content_.command(name="check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check_content(folder: Path | None) -> None:
    """What is wrong with the content, or worth a look: languages that differ, style, length, links, phrases that two
    topics share, topics nobody would find.

    FOLDER is an organisation's own content to try, in place of the one that is set. Exit code 1 when anything is wrong.
    """
    settings = look(environment()).settings
    if folder:
        settings = settings.model_copy(update={"content": folder})
    content = _content(settings)
    try:
        avoid = read_styles(CONTENT, settings.content_path)
    except ValueError as error:
        raise ContentError([str(error)]) from error
    findings = in_order([
        *proofread(content, avoid, utc(SharedClock().now()).date()),
        *overlaps(content, _reader(settings, content))])
    for one in findings:
        click.echo(one.line())
    wrong = sum(one.wrong for one in findings)
    said = len(content.messages[content.languages[0]])
    click.echo(f"{len(content.topics)} topics, {len(content.errors)} errors, {said} messages in "
               f"{', '.join(content.languages)}: {wrong} wrong, {len(findings) - wrong} worth a look")
    sys.exit(1 if wrong else 0)


@content_.command(name="report")
@click.argument("file", default=EVALUATION, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--aim", type=click.FloatRange(0, 100), help="Percent; exit code 1 where a language has fewer right.")
def report_content(file: Path, aim: float | None) -> None:
    """How well messages are understood: per language and kind, what is taken for what, the weakest.

    FILE has messages of known labels, JSON Lines with text, label, lang; by default the project's own evaluation set.
    """
    settings = look(environment()).settings
    content = _content(settings)
    try:
        rows = rows_of(file, {topic.label for topic in content.topics.values()})
    except RowsError as error:
        raise click.UsageError(f"{file}: {error}") from error
    reader = _reader(settings, content)
    found = understood(reader, rows)
    for line in report(found):
        click.echo(line)
    click.echo()
    for line in weakest_phrases(phrases_of(content, reader)):
        click.echo(line)
    short = [lang for lang in content.languages if aim is not None
             and (spoken := [one for one in found if one.row.lang == lang]) and 100 * share_right(spoken) < aim]
    sys.exit(1 if short else 0)


@cli.group(name="policy")
def policy_() -> None:
    """What the organisation has decided."""


@policy_.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Every value that FILE would put in force, or what is wrong with it; without FILE, the policy that is set."""
    settings = look(environment()).settings
    policy = parsed(read(file), file, settings.limits, guids=settings.groups_have_guids) if file \
        else policy_of(settings)
    for name, value in values(policy).items():
        click.echo(f"{name}: {value or '(none)'}")


@cli.group()
def audit() -> None:
    """Read the audit trail."""


@audit.command()
def export() -> None:
    """Print every record as JSON Lines, oldest first."""

    async def print_all(trail: RedisAuditTrail) -> int:
        async for record in trail.export():
            click.echo(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
        return 0

    sys.exit(_with_trail(print_all))


@audit.command()
def verify() -> None:
    """Check that nothing was edited, removed or reordered; exit 1 and name the first bad record."""

    async def check(trail: RedisAuditTrail) -> int:
        broken = await trail.verify()
        click.echo("the trail is whole" if broken is None else f"record {broken.seq}: {broken.why}")
        return 0 if broken is None else 1

    sys.exit(_with_trail(check))


def _with_trail(work: Callable[[RedisAuditTrail], Awaitable[int]]) -> int:
    settings = load(environment())

    async def inside(redis_url: str) -> int:
        store = Store.open(redis_url)
        try:
            trail = RedisAuditTrail(store, ring_of(settings), SharedClock(), "cli")
            if mark := _mark_of(settings).read():
                trail.remember(mark.head)
            return await work(trail)
        finally:
            await store.close()

    with _redis_beside(settings) as redis_url:
        return uvloop.run(inside(redis_url))


@cli.group(name="staff")
def staff_() -> None:
    """The people of IT who may use the admin pages."""


@staff_.command(name="add")
@click.argument("name")
@click.option("--account", required=True, help="Id or user name of this person's own account in the directory.")
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True)
@click.option("--lang", default="nb", show_default=True, help="Language that the person is greeted in.")
def add_staff(name: str, account: str, role: str, lang: str) -> None:
    """Let somebody in, or give them a new set-up link; it is printed, works once and for 30 minutes.

    What the person signed in by before holds until they have set up anew.
    """

    async def add(desk: StaffDesk) -> str:
        wanted = canonical_staff_name(name)
        if wanted is None:
            raise click.UsageError("a name is made of a-z, 0-9 and dots, 64 at most")
        person = await desk.directory.read(account) or await desk.directory.find(account)
        if person is None:
            raise SettingsError(f"{account} is no account of the directory")
        known = await desk.people.named(wanted)
        staff_id = known.staff.id if known else secrets.token_hex(8)
        one = Staff(staff_id, wanted, person.display_name, lang, role, person.id)
        await desk.staffing.add(one, "cli")
        token = await desk.people.issue_set_up(one.id, new_seed())
        elsewhere = await admin_place.noted(desk.settings.data_dir) if desk.settings.development else ""
        return f"{elsewhere or desk.settings.admin_base_url()}/admin/set-up/{token.reveal()}"

    click.echo(_with_staff(add))


@staff_.command(name="list")
def list_staff() -> None:
    """Name, role, account, and whether they have set up."""

    async def listed(desk: StaffDesk) -> str:
        return "".join(
            f"{one.staff.name}\t{one.staff.role}\t{one.staff.account_id}\t"
            f"{'ready' if one.password_hash else 'not set up'}\n" for one in await desk.people.all())

    click.echo(_with_staff(listed), nl=False)


@staff_.command(name="remove")
@click.argument("name")
def remove_staff(name: str) -> None:
    """Shut somebody out at once, wherever they are signed in."""

    async def remove(desk: StaffDesk) -> str:
        known = await desk.people.named(canonical_staff_name(name) or "")
        if known is None:
            raise SettingsError(f"{name} is nobody of IT")
        await desk.staffing.remove(known.staff, "cli")
        return f"{known.staff.name} is removed"

    click.echo(_with_staff(remove))


@cli.group(name="verification")
def verification_() -> None:
    """Whether people are verified, and the end of a pause (F5)."""


@verification_.command(name="status")
def verification_status() -> None:
    """Whether verification is paused for all replicas, until when at the latest, and whether IT's people are let in."""

    async def told(desk: StaffDesk) -> str:
        until = await desk.trust.held()
        said = "people are verified" if until <= desk.clock.now() else \
            f"paused until {utc(until):%Y-%m-%d %H:%M:%S} UTC at the latest"
        return f"{said}; {NOBODY_OF_IT}" if await desk.trust.staff_wait() else said

    click.echo(_with_staff(told))


@verification_.command(name="end")
@click.option("--reason", required=True, help="Why nothing that was lost can matter; it stands in the audit trail.")
def end_pause(reason: str) -> None:
    """End the pause after a loss for all replicas, and let people of IT in again.

    The store may have forgotten who was removed, signed out or set up anew: see `staff list` first, remove whoever
    should not be there, and add anew whoever has lost a phone or a password since. Replicas notice within 15 seconds.
    A pause because the time is not known goes on: nobody can decide what time it is.
    """

    async def ended(desk: StaffDesk) -> str:
        why = clean_reason(reason)
        if not why:
            raise click.UsageError("--reason says nothing")
        if await desk.trust.held() <= desk.clock.now() and not await desk.trust.staff_wait():
            return "people are verified: there is no pause to end"
        await desk.ending_pause.end("cli", why)
        return "the pause is over; every replica verifies people again within 15 seconds"

    click.echo(_with_staff(ended))


class StaffDesk:
    """What the commands about staff and verification work with. Its clock is the store's."""

    def __init__(self, settings: Settings, store: Store, ring: KeyRing, session: ClientSession) -> None:
        self.clock = clock = SharedClock()
        self.settings = settings
        self.trust = Trust(store, clock)
        self.audit = RedisAuditTrail(store, ring, clock, "cli")
        self.people = RedisStaff(store, ring, clock)
        errands = Errands(RedisPending(store, keys.ERRANDS, keys.ERRAND_LOOKS), {}, clock)
        self.staffing = Staffing(
            self.people, RedisTries(self.trust, settings.limits, clock), self.audit, errands)
        self.ending_pause = EndingPause(self.trust, self.audit, errands)
        self.directory: Directory = \
            entra_of(settings, session, app_token_of(settings), store, clock) if settings.directory == "entra" \
            else Embedded(Accounts(store, ring), PasswordHashes(), clock)


def _with_staff(work: Callable[[StaffDesk], Awaitable[str]]) -> str:
    settings = load(environment())

    async def inside(redis_url: str) -> str:
        store = Store.open(redis_url)
        try:
            async with open_session() as session:
                desk = StaffDesk(settings, store, ring_of(settings), session)
                desk.clock.set(await store.time())
                return await work(desk)
        finally:
            await store.close()

    with _redis_beside(settings) as redis_url:
        return uvloop.run(inside(redis_url))


@cli.group(name="demo")
def demo_() -> None:
    """For trying out, in development mode only."""


@demo_.command()
@click.argument("user")
def code(user: str) -> None:
    """The current code of a demo person's authenticator."""
    settings = load(environment())
    if not settings.development:
        raise SettingsError("demo people exist in development mode only: set KEYTURN_MODE=development")

    async def current(redis_url: str) -> tuple[str, float] | None:
        store, ring, clock = Store.open(redis_url), ring_of(settings), SharedClock()
        try:
            desk = DemoDesk(Accounts(store, ring), SealedEnrolments(store, ring), Mailbox(store, ring, clock), clock,
                            RedisStaff(store, ring, clock))
            return await desk.code(user)
        finally:
            await store.close()

    with _redis_beside(settings) as redis_url:
        found = uvloop.run(current(redis_url))
    if found is None:
        raise SettingsError(f"{user} is no demo person with an authenticator")
    click.echo(found[0])


@contextmanager
def _redis_beside(settings: Settings) -> Iterator[str]:
    """As `_redis`, also when a `serve` on the same folder has the embedded server running."""
    if not settings.redis_url.get_secret_value() and (url := EmbeddedServer.running(settings.data_dir / "redis")):
        yield url
        return
    with _redis(settings) as url:
        yield url


def _understood(reader: Reader, text: str) -> dict[str, object]:
    reading = reader.read(text)
    return {"text": text, "topic": reading.topic, "confidence": round(reading.confidence, 4),
            "lang": reading.lang, "candidates": list(reading.candidates)}


def _text_of(line: bytes, number: int) -> str:
    """What to understand of one line of a batch; see `ask`. A byte order mark may stand before the first."""
    try:
        said = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError:
        raise click.UsageError(f"line {number} is not UTF-8") from None
    try:
        text = json.loads(said)["text"] if said else None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise click.UsageError(f"line {number} is not a JSON object with text") from None
    if text is None:
        return ""
    if not isinstance(text, str):
        raise click.UsageError(f"line {number}: text is not a string")
    return text


def _log_to_stderr(settings: Settings) -> None:
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.development and sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper("iso"), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr), cache_logger_on_first_use=True)


def main() -> None:
    """Run the command line; what the settings or the content get wrong is said in plain lines."""
    # Both are read by people and programs that expect UTF-8, whatever the terminal is set to; half a character
    # in a message comes out as the escape that JSON has for it.
    assert isinstance(sys.stdout, TextIOWrapper)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr = losing(sys.stderr)
    try:
        cli(standalone_mode=True)
    except (SettingsError, ContentError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except StoreUnavailable as error:
        click.echo(f"REDIS_URL: the server there does not answer ({error})", err=True)
        sys.exit(1)
    except KeyturnError as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(1)
    except OSError as error:
        if error.errno not in FULL:
            raise
        click.echo(f"{error.filename or 'what was asked for'} cannot be written: {error.strerror}", err=True)
        os._exit(1)     # or Python would try once more, and say so at length


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _INTERRUPTED)
    main()
