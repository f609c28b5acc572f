"""What the commands about staff and verification work with."""

from collections.abc import Awaitable, Callable

from aiohttp import ClientSession

from bot.channel.outbox import open_session
from bot.clock import SharedClock
from bot.commands.over_store import with_store
from bot.directory.embedded import Embedded
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Directory
from bot.journeys.ending_pause import EndingPause
from bot.journeys.errands import Errands
from bot.journeys.staffing import Staffing
from bot.making.keeping import ring_of
from bot.making.outside import app_token_of, entra_of
from bot.settings import Settings, environment, load
from bot.store import keys
from bot.store.accounts import Accounts
from bot.store.audit_trail import RedisAuditTrail
from bot.store.connection import Store
from bot.store.pending import RedisPending
from bot.store.sealed import KeyRing
from bot.store.staff import RedisStaff
from bot.store.tries import RedisTries
from bot.store.trust import Trust


class StaffDesk:
    """Its clock is the store's."""

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


def with_staff(work: Callable[[StaffDesk], Awaitable[str]]) -> str:
    settings = load(environment())

    async def inside(store: Store) -> str:
        async with open_session() as session:
            desk = StaffDesk(settings, store, ring_of(settings), session)
            desk.clock.set(await store.time())
            return await work(desk)

    return with_store(settings, inside)
