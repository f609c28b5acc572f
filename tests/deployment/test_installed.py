"""An installation as the guide describes it, run for real: the store of compose.yaml, production mode, the settings of
the example; Microsoft's part is played by doubles. And what `doctor` says of it when all is well, and when nothing is.
"""

import asyncio
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SharedClock
from bot.directory.demo import TENANT
from bot.pages import bundle
from bot.rules.staff import Staff
from bot.store.connection import Store
from bot.store.embedded import _binary
from bot.store.sealed import KeyRing, new_key
from bot.store.staff import RedisStaff, StaffRecord
from tests.delivery.conftest import MailServer
from tests.delivery.conftest import serving as mail_serving
from tests.deployment.test_deployment import COMPOSE, DOCKERFILE, example
from tests.directory.test_graph_token import certificate_of, write
from tests.faults.served import anew, environment, serving
from tests.support.graph import ALL_ROLES, APP_ID, GraphDouble, graph_double
from tests.support.identity import APP_ID as BOT_ID
from tests.support.identity import LocalIdentity
from tests.support.tcp import free_port
from tests.support.tls import make_certificate, tls_in_front

pytestmark = pytest.mark.timeout(120)

BOT_SECRET = "the-bots-own-secret"
GOOD_DAYS = 90


@asynccontextmanager
async def store_of_compose(folder: Path) -> AsyncIterator[str]:
    """The same options, given to the server that the tests have; its URL."""
    program, *options = COMPOSE["services"]["store"]["command"]
    assert program == "valkey-server"
    assert (options[options.index("--bind") + 1], options[options.index("--port") + 1]) == ("127.0.0.1", "6379")
    options[options.index("--port") + 1] = "0"
    path = folder / "store.sock"
    server = await asyncio.create_subprocess_exec(
        _binary(), *options, "--unixsocket", str(path), "--dir", str(folder), stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        while b"ready to accept connections" not in (line := await server.stdout.readline()).lower():
            assert line, "the server ended"
        yield f"unix://{path}"
    finally:
        server.terminate()
        await server.communicate()


@pytest.fixture
async def graph() -> AsyncIterator[GraphDouble]:
    async with graph_double(SharedClock()) as double:
        double.add_demo_people()
        double.granted = (*ALL_ROLES, "RoleManagement.Read.Directory")
        double.certificate = certificate_of(1, GOOD_DAYS)
        double.bots = {BOT_ID: BOT_SECRET}
        yield double


@pytest.fixture
async def installed(graph: GraphDouble, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """What Keyturn is given; nothing of it runs yet but what stands around it."""
    identity, port, public = LocalIdentity(SharedClock()), free_port(), free_port()
    certificate = make_certificate(tmp_path, days=GOOD_DAYS)
    bundle.keep(bundle.TEAMS.folder(tmp_path), bundle.TEAMS.packed(
        {bundle.TEAMS.script: b"// teams", bundle.TEAMS.license: b"MIT"}))
    await identity.server.start_server()
    async with store_of_compose(tmp_path) as redis_url, mail_serving(MailServer()) as mail, \
            tls_in_front(certificate, public, port):
        yield {
            **environment(tmp_path), **example(), **graph.settings,
            "KEYTURN_MODE": "production", "HOST": "127.0.0.1", "PORT": str(port), "REDIS_URL": redis_url,
            "MicrosoftAppId": BOT_ID, "MicrosoftAppPassword": BOT_SECRET, "KEYTURN_TENANTS": TENANT,
            "KEYTURN_TEAMS_SIGN_ON": "true",
            "KEYTURN_ENTRA_FILE": str(write(tmp_path, "pem", 1, GOOD_DAYS)), "KEYTURN_ENTRA_SECRET": "",
            "KEYTURN_OPENID_METADATA_URL": identity.metadata_url, "KEYTURN_SECRET_KEYS": new_key(),
            "KEYTURN_PUBLIC_URL": f"https://127.0.0.1:{public}", "SSL_CERT_FILE": str(certificate.path),
            "KEYTURN_ADMIN_PORT": str(free_port()), "KEYTURN_METRICS_TOKEN": "m" * 32,
            "SMTP_URL": f"smtp://127.0.0.1:{mail.port}"}
    await identity.server.close()


async def doctor(env: Mapping[str, str], folder: Path) -> tuple[int, list[str]]:
    # Anew: aiohttp reads SSL_CERT_FILE once, when it is loaded.
    done = await asyncio.to_thread(anew, "doctor", env=env, folder=folder)
    assert "Traceback" not in done.stderr
    for secret in ("MicrosoftAppPassword", "KEYTURN_ENTRA_SECRET", "KEYTURN_SECRET_KEYS", "KEYTURN_METRICS_TOKEN"):
        assert not env[secret] or env[secret] not in done.stdout + done.stderr      # D3
    return done.returncode, done.stdout.splitlines()


async def somebody_of_it(env: Mapping[str, str]) -> None:
    store = Store.open(env["REDIS_URL"])
    people = RedisStaff(store, KeyRing.parse([env["KEYTURN_SECRET_KEYS"]]), SharedClock())
    await people.put(StaffRecord(Staff("s", "siri.ny", "Siri Ny", "nb", "admin", "some-account"), "a hash"))
    await store.close()


async def test_what_the_guide_installs_is_well(installed: dict[str, str], tmp_path: Path) -> None:
    """F5: production takes the store of compose.yaml; the image's health check sees it; doctor finds nothing wrong."""
    async with serving(installed, int(installed["PORT"]), anew=True) as served:
        await somebody_of_it(installed)
        assert served.base_url == installed["KEYTURN_PUBLIC_URL"]
        code, said = await doctor(installed, tmp_path)
        assert [line for line in said if not line.startswith("ok ")] == []
        assert code == 0
        names = [line[6:].partition(": ")[0] for line in said]
        assert {"settings", "REDIS_URL", "SMTP_URL", "staff", "clock", "KEYTURN_TENANTS", "KEYTURN_OPENID_METADATA_URL",
                "MicrosoftAppId", "MicrosoftAppPassword", "MicrosoftAppTenantId", "KEYTURN_DIRECTORY",
                "KEYTURN_GRAPH_URL", "KEYTURN_ENTRA_FILE", "directory role", "KEYTURN_ENTRA_CHANGE",
                "KEYTURN_PUBLIC_URL", "messaging endpoint",
                "certificate", "age of KEYTURN_SECRET_KEYS", "age of MicrosoftAppPassword"} <= set(names)
        assert sum(name.startswith("Graph ") for name in names) == 7
        assert "ok    age of KEYTURN_SECRET_KEYS: in use for 0 days" in said
        command = _health_check().replace(":3978/", f":{installed['PORT']}/")
        checked = await asyncio.create_subprocess_exec(sys.executable, "-c", command)
        assert await checked.wait() == 0
    checked = await asyncio.create_subprocess_exec(sys.executable, "-c", command, stderr=subprocess.DEVNULL)
    assert await checked.wait() != 0


def _health_check() -> str:
    """The Python that the image's HEALTHCHECK runs."""
    _, _, words = DOCKERFILE.partition("HEALTHCHECK")[2].partition("CMD ")
    python, option, code = shlex.split(words.splitlines()[0].strip("[]").replace(",", " ", 2))
    assert (python, option) == ("python", "-c")
    return code


async def test_what_is_broken_is_named_and_mended(
        installed: dict[str, str], graph: GraphDouble, tmp_path: Path) -> None:
    """Day one, and nothing fits: each line has its own way out, and one that fails hides no other."""
    graph.granted = ("User.Read.All",)
    graph.certificate = certificate_of(1)
    wrong: dict[str, Any] = {
        "MicrosoftAppPassword": "yesterdays", "KEYTURN_TENANTS": "", "KEYTURN_ENTRA_FILE": str(write(tmp_path, "pem")),
        "REDIS_URL": f"unix://{tmp_path}/none.sock", "SMTP_URL": "smtp://127.0.0.1:9", "SSL_CERT_FILE": "",
        "KEYTURN_DATA_DIR": str(tmp_path / "empty"), "KEYTURN_HELPDESK_MAIL": ""}
    code, said = await doctor({**installed, **wrong}, tmp_path)
    assert code == 1
    found = dict(line[6:].split(": ", 1) for line in said if line.startswith("WRONG"))
    mended = {name: line.partition(" - ")[2] for name, line in found.items()}
    assert found["MicrosoftAppPassword"].startswith("invalid_client AADSTS7000215 - ")
    assert f"az ad app credential reset --id {BOT_ID} --append" in mended["MicrosoftAppPassword"]
    assert "ok    staff: cannot be checked until the store works" in said
    assert bundle.COMMAND in mended["MicrosoftAppId"]
    for name in ("Graph User-PasswordProfile.ReadWrite.All", "Graph User.RevokeSessions.All", "Graph Domain.Read.All"):
        assert "az ad app permission add" in mended[name]
    assert f"--id {APP_ID} --cert" in mended["KEYTURN_ENTRA_FILE"]
    assert {"REDIS_URL", "SMTP_URL", "KEYTURN_HELPDESK_MAIL", "KEYTURN_PUBLIC_URL", "messaging endpoint",
            "certificate"} <= mended.keys()
    assert found["KEYTURN_ENTRA_CHANGE"].startswith("invalid_client AADSTS7000215 - ")
    assert all(mended.values())
    assert any(f'az rest --url "{graph.url}/v1.0/roleManagement' in line for line in said)      # of their own cloud
    # The bot that talks may touch nothing by itself (O1).
    graph.granted_to_bots = ("User.Read.All",)
    _, said = await doctor(installed, tmp_path)
    line, = (line for line in said if "KEYTURN_ENTRA_CHANGE" in line)
    assert "the bot has permissions it does not need (User.Read.All)" in line
    assert f"az ad app permission grant --id {BOT_ID}" in line
