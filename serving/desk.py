"""The Desk: every part of a running Keyturn, chosen and connected."""

import secrets
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from pathlib import Path

from aiohttp import web

from bot import VERSION
from bot import audit as trail_of
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
from bot.clock import Clock, SharedClock
from bot.content import Content
from bot.content.helpdesk import HelpWords
from bot.content.own_phrases import OwnPhrases
from bot.content_in_force import ContentInForce
from bot.delivery.mailbox import Mailbox
from bot.directory.demo_desk import DemoDesk
from bot.directory.embedded import Embedded
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Directory
from bot.ending import TURNS, Ending
from bot.errors import KeyturnError
from bot.journeys import JOURNEYS
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
from bot.making.keeping import mark_of
from bot.making.outside import app_token_of, bot_token_of, entra_of, opinion_service
from bot.making.words import content_of, content_places, models_of
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
from bot.pages.rendering import STATIC, Renderer
from bot.pages.secure import Asked, secure_routes
from bot.pages.secure_faces import Faces, Frame
from bot.pages.web_chat import web_chat_routes
from bot.people import Speaker
from bot.policy_in_force import PolicyInForce
from bot.rules.masking import masked
from bot.rules.passwords import Kind as PasswordKind
from bot.rules.passwords import Policy as PasswordRules
from bot.rules.policy import TEMPORARY_PASS, Policy
from bot.rules.staff import Staff
from bot.second_opinion import SecondOpinion
from bot.secret import Secret
from bot.settings import Settings, WebChat
from bot.site import Site
from bot.store import keys
from bot.store.accounts import Accounts
from bot.store.alarm_links import AlarmLinks
from bot.store.audit_trail import RedisAuditTrail
from bot.store.cases import SealedCases
from bot.store.codes import HashedCodes
from bot.store.connection import Store
from bot.store.conversations import ConversationStorage
from bot.store.direct_line import ConversationLogs, Wakes
from bot.store.enrolments import SealedEnrolments
from bot.store.helpdesk import SealedHelpCases
from bot.store.helping import HelpForms
from bot.store.holds import RedisHolds
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
from bot.store.staff import RedisStaff
from bot.store.staff_sessions import StaffSessions
from bot.store.tries import RedisTries
from bot.store.trust import Trust
from bot.store.unanswered import UnansweredQuestions
from bot.store.watch import Watch
from bot.understanding import ErrorFinder, Reader
from bot.verification.email_code import EmailCode
from bot.verification.it_code import ItCode
from bot.verification.new_address import NewAddress
from bot.verification.protocol import Authenticator
from bot.verification.recovery_code import RecoveryCode
from bot.verification.totp import Totp
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

ADMIN = Path(__file__).parents[1] / "bot" / "admin"
REGISTERING = {one.operation: one for one in (RegisterApp, RegisterMail, RenameMethod, RemoveMethod)}
BEAT = 0.25                 # seconds; the pace of steps that could tell of an account (E2)
END_SECONDS = 27.0          # from the word to end, for everything; of the 30 a service has (F11)


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
        self.watch = Watch(SharedTime(store, clock, self.trust), self.trust, self.audit, mark_of(settings)) \
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
            content, partial(content_of, settings), content_places(settings), models_of(settings), self.understand,
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


def _metrics_token(settings: Settings) -> Secret | None:
    """What Prometheus has to send; None: nobody reads the metrics."""
    given = settings.metrics_token.get_secret_value()
    if not given and settings.development:
        given = kept_keys(settings.data_dir, "metrics-token")[0]
    return Secret(given) if given else None
