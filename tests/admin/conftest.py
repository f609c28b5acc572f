"""A running Keyturn with its admin listener, and people of IT in browsers of their own."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from copy import copy
from html import unescape
from pathlib import Path
from typing import Any, Self

import pytest
from aiohttp import ClientSession, CookieJar, FormData, TCPConnector

from bot.directory.demo_staff import shown_staff
from bot.serving.desk import Desk
from bot.store.connection import Store
from tests.support.clock import SteppedClock
from tests.support.house import house
from tests.support.tcp import free_port


class Page:
    """One answer of the admin listener."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status, self.headers, self.text = status, headers, text

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([\w-]+)"', self.text)
        assert found, "the page has no anti-forgery token"
        return found[1]

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of the page's last form."""
        form = self.text.rpartition("<form")[2]
        found = re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', form)
        return {name: unescape(value) for name, value in found}


class Browser:
    """One browser at the admin listener, without a screen."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.jar = CookieJar(unsafe=True)
        # A connection each: one that lay idle may be closed by the server (limit 24) just as a form is sent over it.
        self._session = ClientSession(cookie_jar=self.jar, connector=TCPConnector(force_close=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def at(self, desk: Desk) -> Self:
        """The same browser, with the same cookies, at another process."""
        found = copy(self)
        found.desk = desk
        return found

    async def open(self, path: str, method: str = "GET", **headers: str) -> Page:
        return await self.send(method, path, None, headers)

    async def post(self, path: str, *, headers: Mapping[str, str] | None = None, **typed: str) -> Page:
        """Send a form as a browser does: from a page of this origin."""
        ours = {"Origin": self.desk.admin_url, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return await self.send("POST", path, FormData(typed), ours)

    async def send(self, method: str, path: str, data: Any, headers: Mapping[str, str]) -> Page:
        async with self._session.request(
                method, self.desk.admin_url + path, data=data, headers=headers, allow_redirects=False) as answer:
            return Page(answer.status, answer.headers, await answer.text())

    async def sign_in(self, name: str, *, password: str = "", code: str = "") -> Page:
        """As this demo person, with what /demo shows unless something else is given."""
        shown = {one.name: one for one in await shown_staff(self.desk.kept.it, self.desk.clock)}
        token = (await self.open("/admin/sign-in")).token
        return await self.post(
            "/admin/sign-in", token=token, name=name, password=password or shown[name].password,
            code=code or shown[name].code)


Visit = Callable[[], Browser]


@pytest.fixture
async def desk(redis_url: str, store: Store, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Desk]:
    extra = {"KEYTURN_ADMIN_PORT": str(free_port())}
    async with house(redis_url, tmp_path, clock, extra, beat=0.002) as one:
        yield one


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[Browser]:
    async with Browser(desk) as one:
        yield one


@pytest.fixture
async def signed_in(desk: Desk, clock: SteppedClock) -> AsyncIterator[Callable[[str], Any]]:
    """`await signed_in("john.smith")`: that person's browser, inside."""
    async with AsyncExitStack() as at_end:
        async def come_in(name: str) -> Browser:
            one = await at_end.enter_async_context(Browser(desk))
            clock.advance(30)   # a code that nobody used yet
            assert (await one.sign_in(name)).status == 303
            return one

        yield come_in


async def records(desk: Desk, *events: str) -> list[dict[str, Any]]:
    """The trail's records of these events, without what differs every time."""
    volatile = {"seq", "time", "replica", "prev", "hash", "source", "tenant"}
    return [{name: value for name, value in one.items() if name not in volatile and value}
            async for one in desk.kept.audit.export() if one["event"] in events]
