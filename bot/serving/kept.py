"""What is kept in one store."""

from collections.abc import Callable, Mapping
from typing import Any

from bot import audit as trail_of
from bot.clock import Clock, SharedClock
from bot.delivery.mailbox import Mailbox
from bot.making.keeping import mark_of
from bot.settings import Settings
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
from bot.store.outbox import RedisOutbox
from bot.store.pending import RedisPending
from bot.store.policy_mark import PolicyMark
from bot.store.ratings import Ratings
from bot.store.refusals import RedisRefusals
from bot.store.sealed import KeyRing
from bot.store.shared_time import SharedTime
from bot.store.snoozes import RedisSnoozes
from bot.store.staff import RedisStaff
from bot.store.staff_sessions import StaffSessions
from bot.store.tries import RedisTries
from bot.store.trust import Trust
from bot.store.unanswered import UnansweredQuestions
from bot.store.watch import Watch


class Kept:
    """One of each; what writes to the trail is counted by `counted`."""

    def __init__(self, settings: Settings, store: Store, ring: KeyRing, clock: Clock, replica: str,
                 counted: Callable[[Mapping[str, Any]], None]) -> None:
        limits = settings.limits
        self.store, self.ring = store, ring

        self.trust = Trust(store, clock, self._verification_paused)
        self.audit = RedisAuditTrail(store, ring, clock, replica, self.trust.hold, counted)
        self.watch = Watch(SharedTime(store, clock, self.trust), self.trust, self.audit, mark_of(settings)) \
            if isinstance(clock, SharedClock) else None
        self.policy_mark = PolicyMark(store)

        self.cases = SealedCases(store, ring, limits, clock)
        self.pending = RedisPending(store)
        self.errands = RedisPending(store, keys.ERRANDS, keys.ERRAND_LOOKS)
        self.tries = RedisTries(self.trust, limits, clock)
        self.refusals = RedisRefusals(store)

        self.accounts = Accounts(store, ring)
        self.enrolments = SealedEnrolments(store, ring)
        self.holds = RedisHolds(store)
        self.snoozes = RedisSnoozes(store)
        self.codes = HashedCodes(store, ring, clock)
        self.one_time_codes = HashedOneTimeCodes(store, self.trust, ring, clock)
        self.alarm_links = AlarmLinks(store, ring, clock)

        self.mails = RedisOutbox(store, ring, clock)
        self.mailbox = Mailbox(store, ring, clock)
        self.conversations = ConversationStorage(store, ring, limits)
        self.news = RedisNews(store, ring)
        self.web_chats = ConversationLogs(store, ring, limits.abandoned_seconds)
        self.wakes = Wakes(store, replica)

        self.it = RedisStaff(store, ring, clock)
        self.it_sessions = StaffSessions(store, self.trust, self.it, clock)
        self.help_cases = SealedHelpCases(store, ring, limits, clock)
        self.help_forms = HelpForms(store, ring, clock)
        self.ratings = Ratings(store, clock)
        self.unanswered = UnansweredQuestions(store, ring, clock, limits.unanswered_kept_seconds)

    async def _verification_paused(self, why: str) -> None:
        await self.audit.append(trail_of.entry("verification.paused", outcome="refused", reason=why))
