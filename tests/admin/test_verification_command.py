"""A pause of verification ended by whoever has the machine, when nobody can sign in to end it (F5, U1)."""

import asyncio
from pathlib import Path

from bot.clock import SharedClock
from bot.directory.demo_staff import shown_staff
from tests.admin.conftest import Browser
from tests.faults.served import environment, run
from tests.support.demo_people import SECRET_KEY
from tests.support.house import house
from tests.support.tcp import free_port


async def test_who_cannot_sign_in_is_not_locked_out_of_ending_the_pause(redis_url: str, tmp_path: Path) -> None:
    """Nobody is let in while used codes may be forgotten; the page says so, and who can end it, and on the command
    line it takes a reason and is on record."""
    settings = {"KEYTURN_SECRET_KEYS": SECRET_KEY, "KEYTURN_ADMIN_PORT": str(free_port())}
    env = environment(tmp_path / "cli", REDIS_URL=redis_url, **settings)

    async def said(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(run, "verification", *words, env=env, folder=tmp_path)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout.strip()

    async with house(redis_url, tmp_path, SharedClock(), settings, beat=0.002) as desk, Browser(desk) as browser:
        assert await said("status") == (0, "people are verified")
        assert await said("end", "--reason", "no need") == (0, "people are verified: there's no pause to end")
        await desk.kept.trust.hold("records are gone")
        shown = next(one for one in await shown_staff(desk.kept.it, desk.clock) if one.name == "mona.ute")
        kept_out = await browser.sign_in("mona.ute", password=shown.password, code=shown.code)
        assert kept_out.status == 503
        assert "app.py verification end" in kept_out.text
        assert shown.code not in kept_out.text
        assert "app.py verification end" in (await browser.open("/admin/sign-in")).text
        status, told = await said("status")
        assert status == 0
        assert told.startswith("paused until ")
        assert told.endswith("nobody in IT can sign in until somebody has checked `staff list` and ended the pause")
        assert (await said("end"))[0] == 2
        assert (await said("end", "--reason", " \u200b "))[0] == 2
        assert desk.kept.trust.why_paused()
        assert (await said("end", "--reason", "Redis was restarted,\ncase 7"))[0] == 0
        await desk.kept.trust.look()
        assert desk.kept.trust.why_paused() == ""
        assert (await browser.sign_in("mona.ute")).status == 303
        records = [(one["actor"], one["outcome"], one["reason"]) async for one in desk.kept.audit.export()
                   if one["event"] == "staff.end_pause"]
        assert records == [("cli", "begun", "Redis was restarted, case 7"),
                           ("cli", "done", "Redis was restarted, case 7")]
        assert await desk.kept.audit.verify() is None
