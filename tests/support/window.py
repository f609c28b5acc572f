"""A secure page in a window inside Teams: what its frame keeps is on the page, since it has no cookies there."""

import re
from typing import Any, Self

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from tests.support.chat import SecurePage
from tests.support.tls import Certificate


class Window:
    """`certificate`: of the server, where it has one."""

    def __init__(self, base_url: str, certificate: Certificate | None = None, language: str = "nb-NO") -> None:
        self._base_url, self._language = base_url, language
        connector = TCPConnector(ssl=certificate.trusting) if certificate else TCPConnector()
        self._session = ClientSession(cookie_jar=DummyCookieJar(), connector=connector)
        self.headers: dict[str, str] = {}       # of the newest answer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def open(self, url: str) -> SecurePage:
        async with self._session.get(url, headers={"Accept-Language": self._language}) as answer:
            self.headers = dict(answer.headers)
            return SecurePage(url, answer.status, await answer.text())

    async def begin(self, page: SecurePage, sign_on: str = "") -> SecurePage:
        """What the page does by itself once it knows that it is inside Teams."""
        return await self.send(page, **({"sign_on": sign_on} if sign_on else {}))

    async def send(self, page: SecurePage, **typed: str) -> SecurePage:
        """Post the page's form with this typed into it."""
        async with self._session.post(page.url, data=page.fields | typed, headers=self._ours()) as answer:
            self.headers = dict(answer.headers)
            assert not answer.cookies
            return SecurePage(page.url, answer.status, await answer.text())

    async def check(self, page: SecurePage, password: str) -> Any:
        """The live rule check, as the page's script asks for it."""
        headers = self._ours() | {"X-Keyturn-Form": page.fields["token"], "X-Keyturn-Seat": page.fields["seat"]}
        async with self._session.post(f"{page.url}/check", json={"password": password}, headers=headers) as answer:
            return await answer.json()

    def framers(self) -> list[str]:
        """Who may show the newest page inside theirs."""
        found = re.search(r"frame-ancestors ([^;]*)", self.headers["Content-Security-Policy"])
        return found[1].split() if found else []

    def _ours(self) -> dict[str, str]:
        return {"Origin": self._base_url, "Sec-Fetch-Site": "same-origin", "Accept-Language": self._language}
