"""A browser without a screen: keeps cookies, opens secure pages, presses their buttons."""

from copy import copy
from typing import Self

from aiohttp import ClientSession, CookieJar

from tests.support.chat import SecurePage


class Browser:
    """One person's; each has cookies of its own."""

    def __init__(self, base_url: str, language: str = "nb-NO") -> None:
        self._base_url = base_url
        self._language = language
        self._session = ClientSession(cookie_jar=CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def at(self, base_url: str) -> Self:
        """The same browser, with the same cookies, where another process of the house listens."""
        found = copy(self)
        found._base_url = base_url
        return found

    async def open(self, url: str) -> SecurePage:
        async with self._session.get(url, headers={"Accept-Language": self._language}) as answer:
            return SecurePage(url, answer.status, await answer.text())

    async def go_on_here(self, page: SecurePage) -> SecurePage:
        """Press the button that makes this browser the link's; what comes then."""
        return await self._post(page, f"{page.url}/here", {})

    async def submit(self, page: SecurePage, **typed: str) -> SecurePage:
        return await self._post(page, page.url, typed)

    async def _post(self, page: SecurePage, url: str, typed: dict[str, str]) -> SecurePage:
        form = {"token": page.fields["token"], **typed}
        headers = {"Origin": self._base_url, "Sec-Fetch-Site": "same-origin", "Accept-Language": self._language}
        async with self._session.post(url, data=form, headers=headers) as answer:
            return SecurePage(page.url, answer.status, await answer.text())
