"""The chat page without a browser: what it answers to whom, and what every response says (P5-P7)."""

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from bot.browser import BrowserCookie
from bot.content import load_content
from bot.pages import bundle
from bot.pages.assets import Assets
from bot.pages.headers import protect
from bot.pages.rendering import STATIC, Renderer
from bot.pages.web_chat import web_chat_routes
from bot.site import Site

WORDS = Path(bundle.__file__).parents[1] / "content"


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The messages alone: the page needs no topics."""
    folder = Path(tmp_path_factory.mktemp("content"))
    for messages in WORDS.glob("*/messages"):
        (folder / messages.parent.name).mkdir()
        (folder / messages.relative_to(WORDS)).symlink_to(messages)
    return load_content(folder)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder with a client in it: what is in the script does not matter here."""
    client = bundle.WEB_CHAT
    files = {client.script: b"// client\n" * 1000, client.license: b"MIT"}
    bundle.keep(client.folder(tmp_path), client.packed(files))
    return tmp_path


class Pages:
    """The page served under a public address, asked as one behind it would be."""

    def __init__(self, address: str, host: str) -> None:
        self.address = address
        self.http = ClientSession(cookie_jar=DummyCookieJar(), auto_decompress=False)
        self.host = host

    async def get(self, path: str = "/", **headers: str) -> tuple[Any, bytes]:
        sent = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self.http.get(self.address + path, headers=sent) as answer:
            return answer, await answer.read()


async def _serve(words: Any, data_dir: Path, base_url: str) -> tuple[web.AppRunner, Pages]:
    site = Site.of(base_url)
    app = web.Application()
    protect(app, site, any_host=frozenset({"/healthz"}))
    assets = Assets.read(STATIC)
    renderer = Renderer(words, assets.url)
    app.add_routes(web_chat_routes(renderer, site, BrowserCookie(secure=site.secure), data_dir))
    assets.add_to(app)

    async def broken(_request: web.Request) -> web.Response:
        raise RuntimeError("secret detail")

    async def well(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app.router.add_get("/broken", broken)
    app.router.add_get("/healthz", well)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, Pages(f"http://127.0.0.1:{runner.addresses[0][1]}", base_url.partition("://")[2])


@pytest.fixture
async def pages(words: Any, data_dir: Path) -> AsyncIterator[Pages]:
    runner, pages = await _serve(words, data_dir, "https://help.example.no")
    yield pages
    await pages.http.close()
    await runner.cleanup()


def _cookies(answer: Any) -> SimpleCookie:
    found = SimpleCookie()
    for line in answer.headers.getall("Set-Cookie", ()):
        found.load(line)
    return found


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/x/y", "/broken", "/healthz", "/?lang=en"])
async def test_every_response_is_protected(pages: Pages, path: str) -> None:
    """The headers stand on pages, files and errors alike, and nothing names the server (P5, C4)."""
    answer, body = await pages.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Strict-Transport-Security"].removeprefix("max-age=")) >= 31_536_000
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Server" not in answer.headers
    assert b"secret detail" not in body


async def test_the_policy_allows_our_own_scripts_only(pages: Pages) -> None:
    """No inline script, no eval, no other origin; styles by a nonce that is new each time (P5)."""
    first, body = await pages.get()
    second, _ = await pages.get()
    policy = first.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self' wss://help.example.no;" in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert b"<script>" not in body
    assert b"http" not in body.replace(b"http://www.w3.org", b"")


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"Host": "help.example.no.evil.example"}, {"Host": "help.example.no:8443"},
    {"X_Forwarded_Host": "evil.example"}, {"X_Forwarded_Host": "help.example.no, evil.example"},
    {"Forwarded": 'for=1.2.3.4;host="evil.example"'}])
async def test_other_hosts_are_refused(pages: Pages, headers: dict[str, str]) -> None:
    """Whoever asks for another host gets no page of ours (P6)."""
    answer, body = await pages.get(**headers)
    assert (answer.status, body) == (421, b"421: Misdirected Request")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["help.example.no", "evil.example"])
@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz"])
async def test_an_unknown_expectation_is_not_quoted(pages: Pages, path: str, host: str) -> None:
    """The server refuses it before any handler of ours: plainly, and with every header (C4, P5)."""
    answer, body = await pages.get(path, Host=host, Expect="secret<script>")
    assert (answer.status, body) == (417, b"417: Expectation Failed")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


@pytest.mark.parametrize("headers", [
    {"Host": "HELP.example.no"}, {"Host": "help.example.no:443"}, {"X_Forwarded_Host": "help.example.no"},
    {"Forwarded": "for=1.2.3.4;host=help.example.no;proto=https"}])
async def test_our_own_host_is_known(pages: Pages, headers: dict[str, str]) -> None:
    """In any spelling, and as a proxy of ours passes it on (P6)."""
    assert (await pages.get(**headers))[0].status == 200


async def test_health_is_asked_by_address(pages: Pages) -> None:
    """A load balancer knows no name."""
    assert (await pages.get("/healthz", Host="10.0.0.7:3978"))[0].status == 200


@pytest.mark.parametrize(("path", "headers", "lang"), [
    ("/", {}, "nb"), ("/", {"Accept_Language": "en-GB,en;q=0.9,nb;q=0.8"}, "en"),
    ("/", {"Accept_Language": "nn-NO,en;q=0.5"}, "nb"), ("/", {"Accept_Language": "fr,de"}, "nb"),
    ("/?lang=en", {"Accept_Language": "nb"}, "en"), ("/?lang=xx", {"Accept_Language": "en"}, "en"),
    ("/", {"Cookie": "__Host-lang=en", "Accept_Language": "nb"}, "en"),
    ("/?lang=nb", {"Cookie": "__Host-lang=en"}, "nb"), ("/?lang=<script>", {}, "nb")])
async def test_language(pages: Pages, path: str, headers: dict[str, str], lang: str) -> None:
    """Asked for, else chosen before, else preferred by the browser, else Norwegian."""
    answer, body = await pages.get(path, **headers)
    assert answer.headers["Content-Language"] == lang
    assert f'<html lang="{lang}">'.encode() in body


async def test_a_chosen_language_is_kept(pages: Pages) -> None:
    """By a cookie of this host only (P7)."""
    answer, _ = await pages.get("/?lang=en")
    kept = _cookies(answer)["__Host-lang"]
    assert (kept.value, kept["httponly"], kept["secure"], kept["samesite"]) == ("en", True, True, "Strict")
    assert "__Host-lang" not in _cookies((await pages.get())[0])


async def test_the_browser_gets_its_cookie_once(pages: Pages) -> None:
    """Random, out of scripts' reach, this host only (P7); one that is there stays."""
    answer, _ = await pages.get()
    given = _cookies(answer)["__Host-keyturn"]
    assert len(given.value) >= 43
    assert (given["httponly"], given["secure"], given["samesite"]) == (True, True, "Lax")
    assert (given["path"], given["domain"]) == ("/", "")
    again, _ = await pages.get(Cookie=f"__Host-keyturn={given.value}")
    assert "__Host-keyturn" not in _cookies(again)


async def test_a_link_from_elsewhere_does_not_part_a_browser_from_its_chat(pages: Pages) -> None:
    """A strict cookie is held back then, so its absence says nothing, and none is set."""
    answer, _ = await pages.get(Sec_Fetch_Site="cross-site")
    assert "__Host-keyturn" not in _cookies(answer)
    answer, _ = await pages.get(Sec_Fetch_Site="none")
    assert "__Host-keyturn" in _cookies(answer)


async def test_the_client_is_served_packed_and_kept(pages: Pages) -> None:
    """A year under an address made of its content; unpacked for who cannot unpack."""
    _, body = await pages.get()
    url = next(part for part in body.decode().split('"') if part.endswith("/webchat.js"))
    packed, small = await pages.get(url, Accept_Encoding="gzip, br")
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert packed.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in packed.headers["Cache-Control"]
    plain, whole = await pages.get(url, Accept_Encoding="identity")
    assert "Content-Encoding" not in plain.headers
    assert whole == b"// client\n" * 1000
    assert len(small) < len(whole) / 10


async def test_without_the_client_the_page_says_what_to_run(words: Any, tmp_path: Path) -> None:
    """503, and the command that fetches it; no script that is not there."""
    runner, pages = await _serve(words, tmp_path, "http://127.0.0.1:3978")
    answer, body = await pages.get()
    assert answer.status == 503
    assert b"python -m bot.pages.bundle" in body
    assert b"<script" not in body
    assert "Strict-Transport-Security" not in answer.headers
    assert "keyturn" in _cookies(answer)
    await pages.http.close()
    await runner.cleanup()
