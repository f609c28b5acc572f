"""A real browser on the real page, Web Chat and Direct Line; the bot behind them is an echo."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

import bot.content
from bot.browser import BrowserCookie
from bot.clock import SharedClock
from bot.content import Content, load_content
from bot.pages import bundle
from bot.pages.assets import Assets
from bot.pages.headers import protect
from bot.pages.rendering import STATIC, Renderer
from bot.pages.web_chat import web_chat_routes
from bot.serving.desk import Desk
from bot.site import Site
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock
from tests.support.echo import Echo, direct_line, mount
from tests.support.house import house
from tests.support.needs import missing, need_program
from tests.support.tcp import free_port

DATA = Path(__file__).parents[2] / ".keyturn"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
# Ten frames without a change; react-scroll-to-bottom tells nobody when it has arrived.
AT_REST = """() => new Promise(done => {
  let before, frames = 0;
  const look = () => {
    const { scrollTop, scrollHeight } = document.querySelector('.webchat__basic-transcript__scrollable');
    const now = `${scrollTop} ${scrollHeight}`;
    frames = now === before ? frames + 1 : 0;
    before = now;
    if (frames < 10) requestAnimationFrame(look); else done();
  };
  look();
})"""
FORGIVEN = ("net::ERR_", "WebSocket connection to", "Failed to load resource")


class Service:
    """The web side of Keyturn on a port of its own, which can go away and come back."""

    def __init__(self, content: Content, store: Store, ring: KeyRing, clock: SteppedClock) -> None:
        self.echo = Echo()
        self._content = content
        self._store, self._ring, self._clock = store, ring, clock
        self._runner: web.AppRunner | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._runner = web.AppRunner(self._app(), shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    def _app(self) -> web.Application:
        site = Site.of(self.url)
        cookie = BrowserCookie(secure=site.secure)
        assets = Assets.read(STATIC)
        renderer = Renderer(self._content, assets.url)
        line, _ = direct_line(self.echo, self._store, self._ring, self._clock, site)
        app = web.Application()
        protect(app, site)
        app.add_routes(web_chat_routes(renderer, site, cookie, DATA))
        mount(line, app)
        assets.add_to(app)
        return app


class Tab:
    """One page of the browser, and everything that went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text}")

    @property
    def box(self) -> Any:
        return self.page.locator("[data-id=webchat-sendbox-input]")

    @property
    def said(self) -> Any:
        """The messages, without the copies that Web Chat makes for screen readers."""
        return self.page.locator(".webchat__bubble__content")

    @property
    def suggested(self) -> Any:
        return self.page.locator(".webchat__suggested-actions__button")

    async def quiet(self) -> None:
        """Wait until screen readers have been told everything."""
        await self.page.wait_for_function(
            "() => !document.querySelector('.webchat__live-region-transcript')?.textContent")

    async def open(self, url: str) -> None:
        await self.page.goto(url)
        await self.box.wait_for()

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def sees(self, text: str, seconds: float = 10) -> None:
        """Wait for a message on the screen."""
        try:
            await self.said.filter(has_text=text).first.wait_for(timeout=seconds * 1000)
        except PlaywrightTimeout:
            pytest.fail(f"Never saw {text!r}, but {await self.said.all_inner_texts()}; problems: {self.problems}")

    async def rest(self) -> None:
        """Wait until the chat has stopped scrolling."""
        await self.page.evaluate(AT_REST)

    async def press(self, target: Locator) -> None:
        """Click on it once nothing scrolls: a button that moves between down and up is not clicked."""
        await self.rest()
        await target.click()

    async def picture(self, name: str) -> None:
        """Keep what the screen shows, for people to look at."""
        folder = os.environ.get("KEYTURN_SCREENSHOTS")
        if folder:
            await self.page.screenshot(path=Path(folder) / f"{name}.png")

    def unforgiven(self) -> list[str]:
        """Problems besides those that a server being away brings."""
        return [one for one in self.problems if not any(words in one for words in FORGIVEN)]


def need_bundle(one: bundle.Bundle) -> None:
    """Fetch it if it is not there; without a network the test is skipped."""
    try:
        one.fetch(DATA)
    except bundle.BundleError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The messages alone: the page needs no topics."""
    folder = Path(tmp_path_factory.mktemp("content"))
    whole = Path(bot.content.__file__).parent
    for messages in whole.glob("*/messages"):
        shutil.copytree(messages, folder / messages.relative_to(whole))
    return load_content(folder)


@pytest.fixture
async def service(words: Content, store: Store, ring: KeyRing, clock: SteppedClock) -> AsyncIterator[Service]:
    need_bundle(bundle.WEB_CHAT)
    one = Service(words, store, ring, clock)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def playing() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest.fixture
async def browser(playing: Playwright) -> AsyncIterator[Browser]:
    path = need_program("chromium", "chromium (apt)")
    one = await playing.chromium.launch(executable_path=path, args=FLAGS)
    yield one
    await one.close()


@pytest.fixture
async def desk(redis_url: str) -> AsyncIterator[Desk]:
    """A running Keyturn on the embedded defaults and the machine's time."""
    async with house(redis_url, DATA, SharedClock()) as one:
        yield one


Open = Callable[..., Any]


@pytest.fixture
async def opened(browser: Browser, service: Service) -> AsyncIterator[Open]:
    """`await opened(locale=..., viewport=..., color_scheme=...)`: a tab with the page, welcome shown."""
    contexts: list[BrowserContext] = []

    async def open_one(path: str = "/", **options: Any) -> Tab:
        context = await browser.new_context(**{"locale": "nb-NO", **options})
        contexts.append(context)
        tab = Tab(await context.new_page())
        await tab.open(service.url + path)
        return tab

    yield open_one
    for context in contexts:
        await context.close()
