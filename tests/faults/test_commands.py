"""The command line as people use it: exit codes, plain words, and beside a running `serve` (design §4)."""

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from bot.pages import bundle
from bot.rules.limits import Limits
from bot.settings import Settings
from bot.store import keys
from bot.store.connection import Store
from bot.store.embedded import EmbeddedServer
from bot.store.mode import claim
from bot.store.sealed import KeyRing, kept_keys, new_key
from tests.faults.people import NAME, ask_for_reset, expect, hands
from tests.faults.served import PATIENCE, ROOT, anew, environment, run, serving
from tests.support.chat import Chat


def test_settings(tmp_path: Path) -> None:
    """Every setting with its value, default and ceiling; secrets are masked (D3)."""
    key = new_key()
    env = environment(tmp_path, KEYTURN_SECRET_KEYS=key, SMTP_URL="smtp://kari:hemmelig@127.0.0.1:2525")
    done = run("settings", env=env, folder=tmp_path)
    assert done.returncode == 0
    assert "KEYTURN_MODE=development" in done.stdout
    assert "KEYTURN_LIMIT_TICKET_SECONDS=300  (default: 300) [≤ 600]" in done.stdout
    assert "SMTP_URL=smtp://kari:***@127.0.0.1:2525" in done.stdout
    assert "KEYTURN_SECRET_KEYS=(set)" in done.stdout
    assert done.stderr == ""
    assert key not in done.stdout
    assert "hemmelig" not in done.stdout


def test_settings_that_are_wrong(tmp_path: Path) -> None:
    """Every setting is listed all the same, and every problem has a line of its own."""
    env = environment(
        tmp_path, KEYTURN_COLOUR="red", PORT="many", KEYTURN_LIMIT_TICKET_SECONDS="soon", HOST="0.0.0.0",
        KEYTURN_SECRET_KEYS="c2hvcnQ", REDIS_URL="http://kari:hemmelig@127.0.0.1", KEYTURN_LOGIN_URL="http://x.no")
    done = run("settings", env=env, folder=tmp_path)
    assert done.returncode == 1
    problems = done.stderr.splitlines()
    wanted = ("KEYTURN_LIMIT_TICKET_SECONDS", "KEYTURN_COLOUR", "PORT", "KEYTURN_LOGIN_URL", "loopback HOST",
              "REDIS_URL", "KEYTURN_SECRET_KEYS")
    assert len(problems) == len(wanted)
    assert all(any(name in line for line in problems) for name in wanted), problems
    assert "PORT=many  (default: 3978)" in done.stdout
    assert "KEYTURN_LIMIT_TICKET_SECONDS=soon  (default: 300)" in done.stdout
    assert "hemmelig" not in done.stdout + done.stderr
    assert "c2hvcnQ" not in done.stdout + done.stderr
    _all_are_listed(done.stdout)


def test_settings_when_nothing_is_set(tmp_path: Path) -> None:
    """Whoever sets up production sees what there is to set, and all that is missing."""
    env = {name: value for name, value in environment(tmp_path).items() if name != "KEYTURN_MODE"}
    done = run("settings", env=env, folder=tmp_path)
    assert done.returncode == 1
    _all_are_listed(done.stdout)
    missing = [line.split()[0] for line in done.stderr.splitlines()]
    assert missing == ["MicrosoftAppId", "REDIS_URL", "KEYTURN_SECRET_KEYS", "KEYTURN_PUBLIC_URL"]


@pytest.mark.parametrize(("content", "why"), [
    (b"\xff\xfeP\x00O\x00", ".env cannot be read: it is not UTF-8"),
    (b"\xef\xbb\xbfPORT=many\r\n", "PORT: ")], ids=["UTF-16", "BOM and CRLF"])
def test_settings_file_of_another_system(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(content)
    done = run("settings", env=environment(tmp_path), folder=tmp_path)
    line, = done.stderr.splitlines()
    assert line.startswith(why)
    assert done.returncode == 1
    _all_are_listed(done.stdout)


def _all_are_listed(said: str) -> None:
    names = [one.alias for one in Settings.model_fields.values() if one.alias]
    names += [f"KEYTURN_LIMIT_{one.name.upper()}" for one in fields(Limits)]
    assert [line.partition("=")[0] for line in said.splitlines() if not line.startswith(" ")] == names


@pytest.mark.parametrize("url", [
    "redis://:hemmelig@127.0.0.1", "redis://kari:hem@me:lig/hemmelig@127.0.0.1", "hemmelig",
    "redis://127.0.0.1?password=hemmelig", "redis://hemmelig@127.0.0.1", "redis://a:hemmelig\n@127.0.0.1"])
def test_passwords_in_addresses_are_not_shown(url: str, tmp_path: Path) -> None:
    """D3: however odd the address is."""
    done = run("settings", env=environment(tmp_path, REDIS_URL=url), folder=tmp_path)
    assert "REDIS_URL=" in done.stdout
    assert "hemmelig" not in done.stdout + done.stderr


@pytest.mark.parametrize("words", [
    [], ["serve"], ["ask"], ["doctor"], ["settings"], ["audit"], ["audit", "export"], ["audit", "verify"], ["policy"],
    ["policy", "check"], ["content"], ["content", "report"], ["staff"], ["staff", "add"], ["teams-package"],
    ["verification"],
    ["verification", "status"], ["verification", "end"], ["demo"], ["demo", "code"]], ids=" ".join)
def test_help(words: list[str], tmp_path: Path) -> None:
    done = anew(*words, "--help", env=environment(tmp_path), folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")


@pytest.mark.parametrize("words", [
    ["ask"], ["ask", "hei", "--batch", "lines.jsonl"], ["serve", "now"], ["audit", "shred"], ["demo", "code"],
    ["ask", "--batch", "nowhere.jsonl"]], ids=" ".join)
def test_wrong_usage(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text("{}\n")
    done = run(*words, env=environment(tmp_path), folder=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_policy_check(tmp_path: Path) -> None:
    """Every value in force, or a line for everything that is wrong; what is set is looked at where no file is named."""
    env = environment(tmp_path)
    done = anew("policy", "check", env=env, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "web_chat.gates.reset: app_or_recovery_code + email_code" in done.stdout.splitlines()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("reconfirm_days = 9999\ncolour = 1\n", encoding="utf-8")
    done = anew("policy", "check", str(wrong), env=env, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["reconfirm_days", "colour"]


def test_a_wrong_policy_is_said_by_every_command_that_would_use_it(tmp_path: Path) -> None:
    """G5: the start is refused in the same words."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("teams.gates.reset = []\n", encoding="utf-8")
    env = environment(tmp_path, KEYTURN_POLICY=str(wrong))
    line = f"{wrong}: teams.gates.reset: asks for less than app_or_recovery_code (V8)"
    for command in ("serve", "settings"):
        done = run(command, env=env, folder=tmp_path)
        assert (done.returncode, done.stderr.splitlines()) == (1, [line])
    done = run("doctor", env=env, folder=tmp_path)
    assert done.returncode == 1
    assert [one for one in done.stdout.splitlines() if one.startswith("WRONG KEYTURN_POLICY: ") and line in one]


def test_ask(tmp_path: Path) -> None:
    """Needs no settings, no server and no Redis, and does not wait for what the others need."""
    env = {name: value for name, value in environment(tmp_path).items() if name != "KEYTURN_MODE"}
    done = anew("ask", "hva er kravene til passord?", "--json", env=env, folder=tmp_path)
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert list(answer) == ["text", "topic", "confidence", "lang", "candidates"]
    assert answer["topic"] == answer["candidates"][0]
    assert (answer["lang"], len(answer["candidates"])) == ("nb", 3)
    in_words = anew(
        "ask", "hva er kravene til passord?", env=env | {"PYTHONPROFILEIMPORTTIME": "1"}, folder=tmp_path)
    assert in_words.returncode == 0
    assert in_words.stdout.startswith(answer["topic"])
    loaded = {line.rpartition("|")[2].strip() for line in in_words.stderr.splitlines()}
    assert "bot.understanding" in loaded
    assert not loaded & {"aiohttp", "redis", "botbuilder", "dialogs", "bot.serving"}


@pytest.mark.timeout(150)
def test_ask_before_anything_was_learned(tmp_path: Path) -> None:
    """What the log says of it is not part of the answer."""
    env = environment(tmp_path) | {"KEYTURN_DATA_DIR": str(tmp_path / "fresh")}
    done = anew("ask", "hei", "--json", env=env, folder=tmp_path, patience=120)
    assert done.returncode == 0
    assert json.loads(done.stdout)["text"] == "hei"


def test_ask_batch(tmp_path: Path) -> None:
    """One line out for each line in, in the same order."""
    texts = ["I forgot my password", "  ", "glemt passordet", "æøå 😀", "what are the password rules?"]
    batch = tmp_path / "lines.jsonl"
    batch.write_text("".join(json.dumps({"text": text, "topic": "?"}, ensure_ascii=False) + "\n" for text in texts))
    done = run("ask", "--batch", str(batch), env=environment(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert [one["text"] for one in answers] == texts
    assert (answers[0]["lang"], answers[2]["lang"]) == ("en", "nb")


def test_ask_batch_with_a_separator_in_a_text(tmp_path: Path) -> None:
    """Lines of JSON Lines end with a line feed; what else Unicode calls a line's end is text."""
    batch = tmp_path / "lines.jsonl"
    batch.write_text(json.dumps({"text": "hei \u2028 hallo"}, ensure_ascii=False) + "\n")
    done = run("ask", "--batch", str(batch), env=environment(tmp_path), folder=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["text"] == "hei \u2028 hallo"


@pytest.mark.parametrize("line", [
    b"{", b"[]", b'{"words": "hei"}', b'{"text": 3}', b'"text"', b'{"text": "a\x00"}', b"[" * 100_000,
    '{"text": "blåbær"}'.encode("latin-1"), b"\xef\xbb\xbf{}", b'{"text": "\xed\xa0\x80"}',
    b'{"text": %s}' % (b"9" * 5000)], ids=range(11))
def test_ask_batch_with_a_line_that_is_none(line: bytes, tmp_path: Path) -> None:
    batch = tmp_path / "lines.jsonl"
    batch.write_bytes(b'{"text": "hei"}\n' + line + b"\n")
    done = run("ask", "--batch", str(batch), env=environment(tmp_path), folder=tmp_path)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert "line 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_ask_batch_in_another_encoding(tmp_path: Path) -> None:
    batch = tmp_path / "lines.jsonl"
    batch.write_text('{"text": "hei"}\n', encoding="utf-16")
    done = run("ask", "--batch", str(batch), env=environment(tmp_path), folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "line 1 is not UTF-8" in done.stderr


@pytest.mark.parametrize("locale", [{}, {"PYTHONIOENCODING": "ascii"}, {"LANG": "C", "PYTHONUTF8": "0"}], ids=str)
def test_ask_batch_of_odd_lines(locale: dict[str, str], tmp_path: Path) -> None:
    """One line of UTF-8 out for each line in, whatever is in it and whatever the terminal is set to."""
    lines = [b'\xef\xbb\xbf{"text": "gl\xc3\xb8mt passordet \xf0\x9f\x98\x80"}\r\n', b"\r\n", b"\n",
             b'{"text": null}\n', b'{"text": "\\ud800 halv"}\n', b'{"text": "\\u0000"}\n',
             b'{"text": "%s"}\n' % (b"passord " * 130_000),
             b'{"text": "sist"}']
    batch = tmp_path / "lines.jsonl"
    batch.write_bytes(b"".join(lines))
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [sys.executable, str(ROOT / "app.py"), "ask", "--batch", str(batch)], env=environment(tmp_path, **locale),
            stdout=out, stderr=subprocess.PIPE, cwd=tmp_path, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    answers = [json.loads(line) for line in (tmp_path / "out").read_bytes().decode("utf-8").split("\n")[:-1]]
    texts = [one["text"] for one in answers]
    assert texts[:6] == ["gl\u00f8mt passordet \U0001f600", "", "", "", "\ud800 halv", "\x00"]
    assert (len(texts[6]), texts[7]) == (8 * 130_000, "sist")
    assert {answers[at]["topic"] for at in (1, 2, 3)} == {"out_of_scope"}


def test_ask_batch_whose_reader_goes_away(tmp_path: Path) -> None:
    """As under `head -1`: it ends without a word."""
    batch = tmp_path / "lines.jsonl"
    batch.write_text('{"text": "hei"}\n' * 20_000)
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "app.py"), "ask", "--batch", str(batch)], env=environment(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    json.loads(process.stdout.readline())
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(PATIENCE) == 1


def test_doctor_when_all_is_well(redis_url: str, tmp_path: Path) -> None:
    _pretend_web_chat(tmp_path)
    done = anew("doctor", env=environment(tmp_path, REDIS_URL=redis_url), folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert all(line.startswith("ok ") for line in done.stdout.splitlines())
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "settings:", "content:", "KEYTURN_DATA_DIR:", "KEYTURN_POLICY:", "KEYTURN_SECRET_KEYS:", "REDIS_URL:",
        "SMTP_URL:", "KEYTURN_ADMIN_PORT:", "KEYTURN_WEB_CHAT:"]


def test_doctor_with_the_embedded_server(tmp_path: Path) -> None:
    _pretend_web_chat(tmp_path)
    done = run("doctor", env=environment(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "ok    REDIS_URL: not set; the embedded server starts\n" in done.stdout
    assert not EmbeddedServer.running(tmp_path / "redis")


def _pretend_web_chat(folder: Path) -> None:
    client = bundle.WEB_CHAT
    place = client.folder(folder)
    place.mkdir(parents=True)
    for name in (client.script, client.packed_script, client.license):
        (place / name).touch()


def test_doctor_when_something_is_wrong(tmp_path: Path) -> None:
    """One line each: what is wrong, and what to do."""
    env = environment(tmp_path, REDIS_URL=f"unix://{tmp_path}/none", SMTP_URL="smtp://127.0.0.1:9")
    done = run("doctor", env=env, folder=tmp_path)
    assert done.returncode == 1
    wrong = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == ["REDIS_URL:", "SMTP_URL:", "KEYTURN_WEB_CHAT:"]
    assert f"fetch it: {bundle.COMMAND}" in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_on_wrong_settings(tmp_path: Path) -> None:
    """What is set is looked at, whatever else is wrong."""
    (tmp_path / "file").touch()
    env = environment(
        tmp_path, KEYTURN_COLOUR="red", KEYTURN_SECRET_KEYS="c2hvcnQ", REDIS_URL="http://127.0.0.1",
        KEYTURN_DATA_DIR=str(tmp_path / "file" / "folder"))
    done = run("doctor", env=env, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("WRONG settings: KEYTURN_COLOUR is not a setting of Keyturn - see `python app.py")
    wrong = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == ["settings:", "KEYTURN_DATA_DIR:", "KEYTURN_SECRET_KEYS:", "REDIS_URL:",
                     "KEYTURN_WEB_CHAT:"]


def test_doctor_in_production_when_nothing_is_set(tmp_path: Path) -> None:
    env = {name: value for name, value in environment(tmp_path).items() if name != "KEYTURN_MODE"}
    done = run("doctor", env=env, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    wrong = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("WRONG settings:")]
    assert "WRONG KEYTURN_HELPDESK_MAIL: not set" in done.stdout
    assert wrong == ["MicrosoftAppId", "REDIS_URL", "KEYTURN_SECRET_KEYS", "KEYTURN_PUBLIC_URL"]


def test_doctor_on_the_store_of_a_production(redis_url: str, tmp_path: Path) -> None:
    async def begun() -> None:
        store = Store.open(redis_url)
        await claim(store, development=False)
        await store.close()

    asyncio.run(begun())
    done = run("doctor", env=environment(tmp_path, REDIS_URL=redis_url), folder=tmp_path)
    assert "WRONG REDIS_URL: this store was begun in production mode" in done.stdout


@pytest.mark.timeout(120)
async def test_beside_a_running_serve(tmp_path: Path) -> None:
    """`demo code` and `audit` read the store that a running Keyturn has; `verify` notices one changed byte (U3)."""
    env = environment(tmp_path)

    async def said(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(run, *words, env=env, folder=tmp_path)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    async with serving(env) as served, Chat(served.base_url) as chat:
        url = EmbeddedServer.running(tmp_path / "redis")
        async with hands(url, KeyRing.parse(kept_keys(tmp_path))) as kari:
            before = await kari.phone()
            status, code = await said("demo", "code", "kari.nordmann")
            assert status == 0
            assert re.fullmatch(r"\d{6}\n", code)
            assert code.strip() in (before, await kari.phone())
        assert (await said("demo", "code", "ola.hansen"))[0] == 1
        assert (await said("demo", "code", "nobody"))[0] == 1
        await ask_for_reset(chat)
        await chat.say(NAME)
        await expect(chat, "Åpne godkjenningsappen")
        status, exported = await said("audit", "export")
        assert status == 0
        records = [json.loads(line) for line in exported.splitlines()]
        assert [one["event"] for one in records] == ["reset.opened"]
        assert await said("audit", "verify") == (0, "the trail is whole\n")
        store = Store.open(url)
        await _tamper(store)
        await store.close()
        status, broken = await said("audit", "verify")
        assert status == 1
        assert broken.startswith("record 1: ")
    # The server of `serve` is gone; the commands bring one of their own along for as long as they run.
    assert (await said("audit", "verify"))[0] == 1
    assert not EmbeddedServer.running(tmp_path / "redis")


def test_demo_code_outside_of_development(redis_url: str, tmp_path: Path) -> None:
    """There are no demo people in production (U4), and none before the first start: whoever asks hears which it is."""
    early = run("demo", "code", "kari.nordmann", env=environment(tmp_path) | {"REDIS_URL": redis_url}, folder=tmp_path)
    assert (early.returncode, early.stdout) == (1, "")
    assert "they come with the first start" in early.stderr
    env = environment(tmp_path) | {
        "KEYTURN_MODE": "production", "MicrosoftAppId": "a", "MicrosoftAppPassword": "b", "REDIS_URL": redis_url,
        "KEYTURN_SECRET_KEYS": new_key(), "KEYTURN_PUBLIC_URL": "https://keyturn.example.no"}
    done = run("demo", "code", "kari.nordmann", env=env, folder=tmp_path)
    assert done.returncode == 1
    assert "development" in done.stderr
    assert done.stdout == ""


async def _tamper(store: Store) -> None:
    """Write the first record anew with another outcome, as somebody with access to the store could."""
    (number, fields), = await store.do("XRANGE", keys.AUDIT_RECORDS, "-", "+", "COUNT", 1)
    forged = fields[1].replace(b'"outcome":"ok"', b'"outcome":"no"')
    assert forged != fields[1]
    await store.do("DEL", keys.AUDIT_RECORDS)
    await store.do("XADD", keys.AUDIT_RECORDS, number, fields[0], forged, *fields[2:])
