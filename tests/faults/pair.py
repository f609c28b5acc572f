"""Two real `serve` processes on one real Redis server, and people hired for one test each."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, TCPConnector

from bot.clock import SharedClock
from bot.directory import demo
from bot.directory.protocol import Account
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store import keys
from bot.store.connection import Store
from bot.store.embedded import EmbeddedServer
from bot.store.sealed import KeyRing, new_key
from bot.verification.recovery_code import new_codes
from bot.verification.totp import current_code, new_seed
from tests.faults.served import environment, serving
from tests.journeys.stage import TeamsPerson
from tests.support.chat import SecurePage
from tests.support.connector import FakeConnector
from tests.support.house import content, reader, settings_for
from tests.support.tcp import free_port

PATIENCE = 10.0
FIRST_PASSWORD = "torsk sykler rundt i byparken"


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody registered, with the phone and the paper at hand."""

    account: Account
    seed: Secret
    codes: Sequence[Secret] = ()

    @property
    def id(self) -> str:
        return self.account.id


class Pair:
    """`here` and `there` look at the store as the processes do; what is sent to their addresses, a process answers."""

    def __init__(self, desks: tuple[Desk, Desk], session: ClientSession, connector: FakeConnector) -> None:
        self.here, self.there = self.desks = desks
        self.connector = connector
        self._session = session
        self._numbers = itertools.count(10)
        self._hash = ""

    async def hire(self, *, registered: bool = True, codes: bool = False, **flags: bool) -> Employee:
        """A new employee, whom no other test knows."""
        number = next(self._numbers)
        name = f"ansatt{number}"
        account = Account(
            f"00000000-0000-0000-0000-0000000000{number}", demo.TENANT, f"{name}@{demo.DOMAIN}", f"Ansatt {number}",
            (f"Ansatt{number}",), "nb", notice_addresses=(f"{name}@{demo.DOMAIN}",), groups=("employees",), **flags)
        desk, now, seed, shown = self.here, self.here.clock.now(), new_seed(), tuple[Secret, ...]()
        self._hash = self._hash or await desk.people.hashes.hash(Secret(FIRST_PASSWORD))
        assert await desk.kept.accounts.create(account, self._hash)
        if registered:
            enrolment = demo.registered_since(now, f"{name}@privat.{demo.DOMAIN}", seed)
            if codes:
                recovery, shown = await new_codes(now, backed=True)
                enrolment = replace(enrolment, recovery=recovery)
            await desk.kept.enrolments.change(account.id, enrolment)
        return Employee(account, seed, shown)

    def in_teams(self, who: Employee, desk: Desk) -> TeamsPerson:
        """In a one-to-one chat of its own."""
        return TeamsPerson(desk, self.connector, self._session, **{
            "from": {"id": f"29:{who.id}", "name": who.account.display_name, "aadObjectId": who.id}})

    def phone(self, who: Employee) -> str:
        return current_code(who.seed, self.here.clock.now())

    async def on_record(self, who: Employee, event: str, count: int = 1) -> list[dict[str, Any]]:
        """The trail's records of this event about them, once there are so many; the processes may yet be writing."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            found[:] = [one async for one in self.here.kept.audit.export()
                        if (one["event"], one["target"]) == (event, who.id)]
            return len(found) >= count

        await until(there)
        return found

    async def wrong_tries(self, who: Employee, way: str) -> int:
        """How many were counted against the account, and so looked at, in the last quarter of an hour."""
        return int(await self.here.store.do("ZCARD", keys.tries("account", who.id, way)))


async def until(there: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what another process is about to have done."""
    async with asyncio.timeout(PATIENCE):
        while not await there():
            await asyncio.sleep(0.02)


def at(page: SecurePage, desk: Desk) -> SecurePage:
    """The same page at another process."""
    return SecurePage(desk.site.base_url + page.url[page.url.index("/", len("http://")):], page.status, page.html)


@asynccontextmanager
async def a_pair(folder: Path, **settings: str) -> AsyncIterator[Pair]:
    """Both ready to serve, on an empty store of their own."""
    server = EmbeddedServer(folder / "redis")
    server.start()
    secret_key, clock = new_key(), SharedClock()
    try:
        async with AsyncExitStack() as at_end:
            ports = [(free_port(), free_port()) for _ in range(2)]
            extras = [{"KEYTURN_SECRET_KEYS": secret_key, "KEYTURN_ADMIN_PORT": str(admin),
                       "KEYTURN_TRUSTED_PROXIES": "1", **settings} for _, admin in ports]
            await asyncio.gather(*[
                at_end.enter_async_context(serving(
                    environment(folder / str(port), REDIS_URL=server.url, **extra), port))
                for (port, _), extra in zip(ports, extras, strict=True)])
            desks = []
            for (port, _), extra in zip(ports, extras, strict=True):
                store = Store.open(server.url)
                clock.set(await store.time())
                known = settings_for(port, server.url, folder, extra)
                desk = Desk(known, content(), reader(), store, KeyRing.parse([secret_key]), clock)
                desk.admin_url = known.admin_base_url(known.admin_port)
                at_end.push_async_callback(desk.store.close)
                at_end.push_async_callback(desk.session.close)
                desks.append(desk)
            connector = FakeConnector()
            await connector.server.start_server()
            at_end.push_async_callback(connector.close)
            # Connections that lie idle are left before the server closes them (limit 24).
            session = await at_end.enter_async_context(ClientSession(connector=TCPConnector(keepalive_timeout=5)))
            here, there = desks
            yield Pair((here, there), session, connector)
    finally:
        server.stop()
