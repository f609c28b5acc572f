"""Letting people of IT in and shutting them out on the real command line, and where the listener is."""

import asyncio
import json
import re
import socket
from contextlib import suppress
from pathlib import Path

from aiohttp import ClientSession

from bot.clock import SharedClock
from bot.rules.staff import Staff
from bot.store.connection import Store
from bot.store.sealed import KeyRing, new_key
from bot.store.staff import RedisStaff, StaffRecord
from tests.faults.served import environment, run, serving
from tests.support.tcp import free_port

JOHN = "00000000-0000-0000-0000-000000000002"


async def test_staff_beside_a_running_serve(tmp_path: Path) -> None:
    """`add` prints a link that opens on the running listener, `list` names the person, `remove` shuts them out."""
    env = environment(tmp_path, KEYTURN_ADMIN_PORT=str(free_port()))

    async def said(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(run, *words, env=env, folder=tmp_path)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout.strip()

    async with serving(env) as served, ClientSession() as session:
        told = (await served.said.readline()).decode().strip()
        admin = f"http://127.0.0.1:{env['KEYTURN_ADMIN_PORT']}"
        assert told == f"Admin pages: {admin}/admin"
        assert (await said("staff", "add", "No Name!", "--account", JOHN))[0] == 2
        assert (await said("staff", "add", "siri.dahl", "--account", "finnes.ikke@example.no"))[0] == 1
        status, link = await said("staff", "add", "Siri.Dahl", "--account", "john.smith@example.no", "--role", "admin")
        assert status == 0
        assert re.fullmatch(re.escape(admin) + r"/admin/set-up/[\w-]{43}", link)
        async with session.get(link) as answer:
            assert answer.status == 200
            assert "John Smith" in await answer.text()
        status, listed = await said("staff", "list")
        assert f"siri.dahl\tadmin\t{JOHN}\tnot set up" in listed.splitlines()
        assert (await said("staff", "remove", "siri.dahl"))[0] == 0
        assert (await said("staff", "remove", "siri.dahl"))[0] == 1
        async with session.get(link) as answer:
            assert answer.status == 404
        records = [json.loads(line) for line in (await said("audit", "export"))[1].splitlines()]
        assert [(one["event"], one["actor"]) for one in records] == [
            ("staff.added", "cli"), ("staff.added", "cli"), ("staff.removed", "cli"), ("staff.removed", "cli")]
        assert [one["outcome"] for one in records] == ["begun", "done", "begun", "done"]
        assert link.rpartition("/")[2] not in str(records)


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """Chosen by somebody, it is an error in one line; the default moves aside, and says where it went."""
    with socket.create_server(("127.0.0.1", 0)) as plug:
        taken, free = str(plug.getsockname()[1]), str(free_port())
        for name in ("KEYTURN_ADMIN_PORT", "PORT"):
            env = environment(tmp_path / name, **{"PORT": free} | {name: taken})
            (tmp_path / name / "understanding").unlink()    # It is said before anything is learned.
            done = await asyncio.to_thread(run, "serve", env=env, folder=tmp_path)
            assert done.returncode == 1
            assert done.stderr.splitlines() == [f"{name}: cannot listen on 127.0.0.1:{taken}: Address already in use"]
            assert not done.stdout
    with socket.socket() as plug:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        await _taken(plug, 3979)
        async with serving(environment(tmp_path)) as served, ClientSession() as session:
            told = (await served.said.readline()).decode().strip()
            assert not told.endswith(":3979/admin")
            async with session.get(told.removeprefix("Admin pages: ")) as answer:
                assert answer.status == 200
            assert "admin_port_taken" in served.errors.read_text()
            link = await asyncio.to_thread(
                run, "staff", "add", "siri.dahl", "--account", JOHN, env=environment(tmp_path), folder=tmp_path)
            assert link.stdout.startswith(told.removeprefix("Admin pages: ") + "/set-up/")
            looked = await asyncio.to_thread(run, "doctor", env=environment(tmp_path), folder=tmp_path)
            assert f"ok    KEYTURN_ADMIN_PORT: the pages are at {told.removeprefix('Admin pages: ')}\n" in looked.stdout


async def _taken(plug: socket.socket, port: int) -> None:
    """Listen there; another test's Keyturn that does gives it free. Whose stays does as well."""
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while True:
                with suppress(OSError):
                    plug.bind(("127.0.0.1", port))
                    plug.listen()
                    return
                await asyncio.sleep(0.05)


async def test_what_doctor_says_of_the_admin_pages(redis_url: str, store: Store, tmp_path: Path) -> None:
    """Off, free, served, taken by something else; and whether anybody of IT can sign in."""
    port = str(free_port())
    production = {"KEYTURN_MODE": "production", "REDIS_URL": redis_url, "KEYTURN_SECRET_KEYS": new_key()}

    async def said(name: str, **settings: str) -> str:
        env = environment(tmp_path, KEYTURN_ADMIN_PORT=port) | settings
        done = await asyncio.to_thread(run, "doctor", env=env, folder=tmp_path)
        assert "Traceback" not in done.stderr
        return next((line for line in done.stdout.splitlines() if line.split()[1] == f"{name}:"), "")

    assert "there are no admin pages" in await said("KEYTURN_ADMIN_PORT", KEYTURN_ADMIN_PORT="0")
    assert (await said("KEYTURN_ADMIN_PORT")).startswith(f"ok    KEYTURN_ADMIN_PORT: 127.0.0.1:{port} is free for it")
    with socket.create_server(("127.0.0.1", int(port))):
        taken = await said("KEYTURN_ADMIN_PORT")
    assert taken == (f"WRONG KEYTURN_ADMIN_PORT: another program listens on 127.0.0.1:{port} - "
                     "stop what uses it, or set another port or address")
    assert "nobody reads /metrics" in await said("KEYTURN_ADMIN_PORT", **production)
    assert (await said("staff", **production)).startswith("WRONG staff: nobody in IT can sign in")
    people = RedisStaff(store, KeyRing.parse([production["KEYTURN_SECRET_KEYS"]]), SharedClock())
    await people.put(StaffRecord(Staff("s", "siri.ny", "Siri Ny", "nb", "helpdesk", "some-account"), "a hash"))
    assert await said("staff", **production) == "ok    staff: 1 can sign in to the admin pages"
