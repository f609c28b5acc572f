"""`doctor` on day one with Entra ID: log-in, a harmless call, each permission, and how each is mended."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.served import environment, run
from tests.support.clock import SteppedClock
from tests.support.graph import APP_ID, GraphDouble, graph_double


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
    return {line[6:].partition(": ")[0]: line for line in done.stdout.splitlines()
            if line[6:].startswith(("KEYTURN_DIRECTORY", "KEYTURN_GRAPH_URL", "Graph "))}


async def test_when_all_is_well(double: GraphDouble, tmp_path: Path) -> None:
    said = await lines(double, tmp_path)
    assert list(said) == ["KEYTURN_DIRECTORY", "KEYTURN_GRAPH_URL", "Graph User.Read.All",
                          "Graph User-PasswordProfile.ReadWrite.All", "Graph User.RevokeSessions.All",
                          "Graph Domain.Read.All"]
    assert all(line.startswith("ok ") for line in said.values())
    assert "User Administrator" in said["Graph User-PasswordProfile.ReadWrite.All"]
    assert double.made("PATCH") == double.made("POST") == []


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
