"""`doctor` on day one with Entra ID: log-in, a harmless call, each permission, and how each is mended."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot import clock_doctor
from bot.doctor import examine
from tests.faults.served import environment, run
from tests.support.clock import SteppedClock
from tests.support.graph import ALL_ROLES, APP_ID, PRINCIPAL, USER_ADMINISTRATOR, GraphDouble, graph_double
from tests.support.tls import make_certificate


@pytest.fixture
async def double(clock: SteppedClock) -> AsyncIterator[GraphDouble]:
    async with graph_double(clock) as double:
        double.add_demo_people()
        yield double


async def lines(double: GraphDouble, folder: Path, **settings: str) -> dict[str, str]:
    """What is said of the directory, by name."""
    env = environment(folder, **{**double.settings, **settings})
    done = await asyncio.to_thread(run, "doctor", env=env, folder=folder)
    assert "Traceback" not in done.stderr
    assert double.secret not in done.stdout + done.stderr
    return {line[6:].partition(": ")[0]: line for line in done.stdout.splitlines() if line[6:].startswith((
        "KEYTURN_DIRECTORY", "KEYTURN_GRAPH_URL", "KEYTURN_ENTRA", "MicrosoftAppTenantId", "Graph ", "directory role"))}


async def test_when_all_is_well(double: GraphDouble, tmp_path: Path) -> None:
    said = await lines(double, tmp_path)
    assert list(said) == ["KEYTURN_DIRECTORY", "MicrosoftAppTenantId", "KEYTURN_GRAPH_URL", "Graph User.Read.All",
                          "Graph User-PasswordProfile.ReadWrite.All", "Graph User.RevokeSessions.All",
                          "Graph Domain.Read.All", "Graph UserAuthenticationMethod.Read.All",
                          "Graph AuditLog.Read.All", "Graph RoleManagement.Read.Directory", "directory role"]
    assert all(line.startswith("ok ") for line in said.values())
    assert f"principalId eq '{PRINCIPAL}'" in said["directory role"]
    assert double.made("PATCH") == double.made("POST") == []


async def test_what_is_only_nice_to_have_is_no_trouble(double: GraphDouble, tmp_path: Path) -> None:
    double.granted = ALL_ROLES[:4]
    said = await lines(double, tmp_path)
    assert all(line.startswith("ok ") for line in said.values())
    assert "but optional" in said["Graph AuditLog.Read.All"]
    assert "az ad app permission add" in said["Graph AuditLog.Read.All"]


async def test_what_the_policy_asks_for_has_to_be_granted(double: GraphDouble, tmp_path: Path) -> None:
    double.granted = ALL_ROLES[:4]
    policy = tmp_path / "strict.toml"
    policy.write_text('[teams.gates]\ntemporary_pass = ["app", "email_code"]\n'
                      '[groups.11111111-aaaa-4bbb-8ccc-0000000000f1]\noff = ["unlock"]\n')
    said = await lines(double, tmp_path, KEYTURN_POLICY=str(policy))
    assert [name for name, line in said.items() if line.startswith("WRONG")] == [
        "Graph GroupMember.Read.All", "Graph UserAuthMethod-TAP.ReadWrite.All"]


@pytest.mark.parametrize(("roles", "said"), [
    ({USER_ADMINISTRATOR: "/"}, "ok    directory role: User Administrator, over the whole tenant"),
    ({USER_ADMINISTRATOR: "/administrativeUnits/x"},
     "ok    directory role: User Administrator, within an administrative unit"),
    ({}, "WRONG directory role: the app does not hold User Administrator"),
    ({USER_ADMINISTRATOR: "/", "62e90394-69f5-4237-9190-012177145e10": "/"},
     "WRONG directory role: Global Administrator could set administrators' passwords: remove it")])
async def test_the_role_of_the_app(
        double: GraphDouble, tmp_path: Path, roles: dict[str, str], said: str) -> None:
    """O1: one that can reset, and none that could reset administrators; seen where that may be read."""
    double.granted = (*ALL_ROLES, "RoleManagement.Read.Directory")
    double.own_roles = roles
    assert (await lines(double, tmp_path))["directory role"].startswith(said)


async def test_a_certificate_that_ends_soon(double: GraphDouble, tmp_path: Path) -> None:
    """Key ages (D5); the double does not know this one, which is said as well."""
    made = make_certificate(tmp_path)
    said = await lines(double, tmp_path, KEYTURN_ENTRA_CREDENTIAL="certificate", KEYTURN_ENTRA_FILE=str(made.path))
    assert said["KEYTURN_ENTRA_FILE"].startswith("WRONG KEYTURN_ENTRA_FILE: the certificate expires in 0 days")
    assert "--cert @certificate.pem --append" in said["KEYTURN_ENTRA_FILE"]


async def test_permissions_that_are_missing(double: GraphDouble, tmp_path: Path) -> None:
    """Each with the command that grants it."""
    double.granted = ("User.RevokeSessions.All",)
    said = await lines(double, tmp_path)
    wrong = [name for name, line in said.items() if line.startswith("WRONG")]
    assert wrong == ["KEYTURN_GRAPH_URL", "Graph User.Read.All", "Graph User-PasswordProfile.ReadWrite.All",
                     "Graph Domain.Read.All"]
    assert (f"az ad app permission add --id {APP_ID} --api 00000003-0000-0000-c000-000000000000 "
            "--api-permissions cc117bb9-00cf-4eb8-b580-ea2a878fe8f7=Role") in said[
                "Graph User-PasswordProfile.ReadWrite.All"]


async def test_a_secret_that_is_wrong(double: GraphDouble, tmp_path: Path) -> None:
    said = await lines(double, tmp_path, KEYTURN_ENTRA_SECRET="hemmelig")
    assert "invalid_client AADSTS7000215" in said["KEYTURN_DIRECTORY"]
    assert f"az ad app credential reset --id {APP_ID}" in said["KEYTURN_DIRECTORY"]
    assert "hemmelig" not in "".join(said.values())
    assert all(line.startswith("WRONG") for line in said.values())
    assert len(double.logins) == 1


async def test_what_is_not_set_is_said_once(double: GraphDouble, tmp_path: Path) -> None:
    assert await lines(double, tmp_path, MicrosoftAppTenantId="") == {}


async def test_staff_are_found_in_entra(double: GraphDouble, tmp_path: Path) -> None:
    """The commands have the same home of accounts as the service."""
    env = environment(tmp_path, KEYTURN_ADMIN_PORT="3979", **double.settings)
    done = await asyncio.to_thread(
        run, "staff", "add", "siri.dahl", "--account", "john.smith@example.no", env=env, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    listed = await asyncio.to_thread(run, "staff", "list", env=env, folder=tmp_path)
    assert listed.stdout == "siri.dahl\thelpdesk\t00000000-0000-0000-0000-000000000002\tnot set up\n"
    done = await asyncio.to_thread(
        run, "staff", "add", "per.dahl", "--account", "finnes.ikke@example.no", env=env, folder=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


@pytest.mark.parametrize(("there", "ahead"), [(100, 0), (103, 0), (107, 0), (90, 10), (119, -12)])
def test_a_slow_answer_is_no_wrong_clock(there: float, ahead: float) -> None:
    """Asked at 100, answered at 107."""
    assert clock_doctor.seconds_ahead(100, there, 107) == ahead


@pytest.mark.parametrize(("date", "said"), [
    (0, "ok    clock: this machine's is right"), (-3600, "WRONG clock: this machine's is 3600 s ahead of"),
    (60, "WRONG clock: this machine's is 60 s behind"), (None, "WRONG clock: http")])
async def test_a_clock_that_is_wrong(date: int | None, said: str) -> None:
    """By the time that Microsoft's service says it is, whatever else it answers (F12, V7)."""
    async def refuse(_request: web.Request) -> web.Response:
        there = "yesterday" if date is None else formatdate(datetime.now(UTC).timestamp() + date, usegmt=True)
        return web.Response(status=404, headers={"Date": there})

    app = web.Application()
    app.router.add_get("/metadata", refuse)
    async with TestServer(app) as server, ClientSession() as session:
        finding, = await examine(list(clock_doctor.looks(str(server.make_url("/metadata")), session)))
    line = re.sub(r"\d+(?= s )", lambda found: str(round(int(found[0]) / 10) * 10), finding.line())
    assert line.startswith(said)
