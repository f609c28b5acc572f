"""Production starts with sound settings on a sound store only, and says in plain lines what is wrong (C1, F5, G5)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.store.connection import Store
from bot.store.embedded import EmbeddedServer
from bot.store.mode import claim
from bot.store.sealed import new_key
from tests.faults.served import environment, run
from tests.support.tcp import listening

SOUND = {
    "KEYTURN_MODE": "production", "MicrosoftAppId": "00000000-0000-0000-0000-0000000000aa",
    "MicrosoftAppPassword": "secret", "MicrosoftAppTenantId": "00000000-0000-0000-0000-0000000000bb",
    "REDIS_URL": "unix:///nowhere/redis.sock", "KEYTURN_SECRET_KEYS": new_key(),
    "KEYTURN_PUBLIC_URL": "https://keyturn.example.no", "PORT": "0",
    "KEYTURN_ADMIN_PORT": "0"}      # the usual one may be that of another test's Keyturn

WRONG = {
    "no app id": ({"MicrosoftAppId": ""}, ["MicrosoftAppId is missing"]),
    "no app password": ({"MicrosoftAppPassword": ""}, ["MicrosoftAppPassword is missing"]),
    "no such type of app": ({"MicrosoftAppType": "Personal"}, ["MicrosoftAppType"]),
    "managed identity of no tenant": (
        {"MicrosoftAppType": "UserAssignedMSI", "MicrosoftAppTenantId": "", "MicrosoftAppPassword": ""},
        ["MicrosoftAppTenantId is missing"]),
    "no store": ({"REDIS_URL": ""}, ["REDIS_URL is missing"]),
    "no keys": ({"KEYTURN_SECRET_KEYS": ""}, ["KEYTURN_SECRET_KEYS is missing"]),
    "short key": ({"KEYTURN_SECRET_KEYS": "AAAA"}, ["secret key"]),
    "no public address": ({"KEYTURN_PUBLIC_URL": ""}, ["KEYTURN_PUBLIC_URL is missing"]),
    "plain public address": (
        {"KEYTURN_PUBLIC_URL": "http://keyturn.example.no"}, ["KEYTURN_PUBLIC_URL must be https://"]),
    "addresses that are none": (
        {"KEYTURN_PUBLIC_URL": "ftp://keyturn.example.no", "KEYTURN_ADMIN_URL": "https://example.no/keyturn",
         "KEYTURN_MAIL_FROM": "key turn", "KEYTURN_CHANNEL_HOSTS": "http://example.no"},
        ["KEYTURN_ADMIN_URL: must", "KEYTURN_PUBLIC_URL: must", "KEYTURN_MAIL_FROM: must be a mail address",
         "KEYTURN_CHANNEL_HOSTS: http:// only"]),
    "store without TLS": ({"REDIS_URL": "redis://redis.example.no:6379"}, ["REDIS_URL must be rediss://"]),
    "unknown setting": ({"KEYTURN_COLOUR": "red"}, ["KEYTURN_COLOUR is not a setting"]),
    "unknown limit": ({"KEYTURN_LIMIT_COLOURS": "3"}, ["KEYTURN_LIMIT_COLOURS is not a limit"]),
    "loose limits": (
        {"KEYTURN_LIMIT_CHALLENGE_FAILURES": "6", "KEYTURN_LIMIT_TICKET_SECONDS": "601"},
        ["CHALLENGE_FAILURES", "TICKET_SECONDS"]),
    "limit that is none": ({"KEYTURN_LIMIT_TICKET_SECONDS": "none"}, ["KEYTURN_LIMIT_TICKET_SECONDS must be"]),
    "full web chat without mail": ({"KEYTURN_WEB_CHAT": "full"}, ["SMTP_URL is missing"]),
    "development for everybody": ({"KEYTURN_MODE": "development", "HOST": "0.0.0.0"}, ["loopback HOST only"]),
    "no such mode": ({"KEYTURN_MODE": "prodution"}, ["KEYTURN_MODE"]),
}


async def refused(folder: Path, **settings: str) -> list[str]:
    """What `serve` says on its way out with exit code 1."""
    env = environment(folder) | SOUND | settings
    done = await asyncio.to_thread(run, "serve", env=env, folder=folder)
    assert "ready" not in done.stdout
    assert done.returncode == 1, done.stderr
    return [line for line in done.stderr.splitlines() if not line.startswith("{")]


@pytest.mark.parametrize("case", WRONG)
async def test_settings_that_are_wrong(case: str, tmp_path: Path) -> None:
    """One line for each problem, which names the setting, and no secret."""
    settings, problems = WRONG[case]
    lines = await refused(tmp_path, **settings)
    assert len(lines) == len(problems), lines
    for line, problem in zip(lines, problems, strict=True):
        assert problem in line
    assert SOUND["KEYTURN_SECRET_KEYS"] not in "".join(lines)


async def test_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    """Whoever sets it up need not mend one thing to hear of the next."""
    lines = await refused(tmp_path, KEYTURN_COLOUR="red", KEYTURN_LIMIT_GRANT_SECONDS="x", MicrosoftAppId="")
    assert len(lines) == 3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(("change", "problem"), [
    ([("CONFIG", "SET", "maxmemory", "100mb"), ("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")], "noeviction"),
    ([("CONFIG", "SET", "appendonly", "no")], "appendonly yes"),
    ([("REPLICAOF", "127.0.0.1", "9")], "replica"),
], ids=["throws away", "forgets", "replica"])
async def test_store_that_is_unsound(
        change: list[tuple[str, ...]], problem: str, server: EmbeddedServer, tmp_path: Path) -> None:
    """A store that could forget a counter or a spent code is not begun with (F5)."""
    store = Store.open(server.url)
    for command in change:
        await store.do(*command)
    await store.close()
    line, = await refused(tmp_path, REDIS_URL=server.url)
    assert line.startswith("REDIS_URL: ")
    assert problem in line


async def test_store_of_the_other_mode(server: EmbeddedServer, tmp_path: Path) -> None:
    """`make run` beside a production's settings must not put demo people into its store (U4)."""
    store = Store.open(server.url)
    await claim(store, development=False)
    line, = await refused(tmp_path, KEYTURN_MODE="development", REDIS_URL=server.url)
    assert line.startswith("REDIS_URL: this store was begun in production mode")
    assert await store.do("DBSIZE") == 2, "the mark, and the sign that it takes writes"
    await store.close()


async def test_data_folder_that_is_none(tmp_path: Path) -> None:
    """One line, before anything is learned or made."""
    (tmp_path / "file").touch()
    line, = await refused(
        tmp_path, KEYTURN_MODE="development", REDIS_URL="", KEYTURN_DATA_DIR=str(tmp_path / "file"))
    assert line.startswith("the embedded store cannot use ")


async def test_store_that_is_old(tmp_path: Path) -> None:
    async with pretending_to_be("5.0.14") as url:
        line, = await refused(tmp_path, REDIS_URL=url)
    assert line == "REDIS_URL: the server is version 5.0.14; 6.2 or newer is needed"


async def test_store_that_is_away(tmp_path: Path) -> None:
    """Nothing is begun without a store; whoever supervises the process starts it again (R-015)."""
    line, = await refused(tmp_path)
    assert "StoreUnavailable" in line or "REDIS_URL" in line


@asynccontextmanager
async def pretending_to_be(version: str) -> AsyncIterator[str]:
    """The URL of a server that says it is of this version and knows three commands."""
    info = f"redis_version:{version}\r\nrole:master\r\naof_enabled:1\r\nmaxmemory:0\r\n".encode()
    answers = {b"TIME": b"*2\r\n$10\r\n1800000000\r\n$1\r\n0\r\n", b"CONFIG": b"*2\r\n$4\r\nsave\r\n$0\r\n\r\n",
               b"INFO": b"$%d\r\n%s\r\n" % (len(info), info)}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            words = []
            for _ in range(int(head[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2])
            writer.write(answers.get(words[0].upper(), b"+OK\r\n"))

    async with listening(serve) as port:
        yield f"redis://127.0.0.1:{port}"
