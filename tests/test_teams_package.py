"""The app package for Teams: what is in it, in which words, and that Teams' own schema takes its manifest."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image

from bot.errors import SettingsError
from bot.teams_app.package import COMMANDS, About, App, package
from tests.faults.served import environment, run
from tests.support.house import content, reader
from tests.support.identity import APP_ID
from tests.support.json_schema import violations

SCHEMA = Path(__file__).parents[2] / "shared" / "contracts" / "teams-manifest-v1.30.schema.json"
SITE = "https://keyturn.example.no"
TOPICS = {"reset": "reset_password", "change": "change_password", "unlock": "unlock_account", "register": "register",
          "status": "my_registration_status", "person": "human_agent", "help": "help"}
PLACES = ("name.short", "name.full", "description.short", "description.full", *(
    f"bots[0].commandLists[0].commands[{number}].{part}" for number in range(len(COMMANDS))
    for part in ("title", "description")))


def an_app(**fields: Any) -> App:
    about = About("Keyturn", f"{SITE}/", f"{SITE}/", f"{SITE}/")
    return App(**{"app_id": APP_ID, "base_url": SITE, "version": "1.0.0", "about": about, **fields})


def files(packed: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(packed)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def found() -> dict[str, bytes]:
    return files(package(an_app(), content()))


@pytest.fixture(scope="module")
def manifest(found: dict[str, bytes]) -> Any:
    return json.loads(found["manifest.json"])


@pytest.fixture(scope="module")
def schema() -> Any:
    if not SCHEMA.is_file():
        pytest.skip(f"no schema of manifests at ../shared/contracts/{SCHEMA.name}; what is ours in it is tested anyway")
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def test_the_schema_takes_the_manifest(schema: Any, manifest: Any) -> None:
    assert list(violations(manifest, schema, schema)) == []


@pytest.mark.parametrize("broken", [
    {"manifestVersion": "1.29"}, {"id": "keyturn"}, {"accentColor": "green"}, {"colour": 1},
    {"name": {"short": "x" * 31}},
    {"icons": {"color": "c.png"}}, {"bots": [{"botId": APP_ID}]}, {"bots": [{"botId": APP_ID, "scopes": ["home"]}]},
    {"localizationInfo": {"defaultLanguageTag": "norsk bokmål"}}, {"validDomains": "x.no"}], ids=str)
def test_the_schema_is_held_to(schema: Any, manifest: Any, broken: dict[str, Any]) -> None:
    """What reads it would notice."""
    assert list(violations({**manifest, **broken}, schema, schema))


def test_there_is_nothing_in_it_but_what_belongs(found: dict[str, bytes], manifest: Any) -> None:
    """All at the top, as Teams wants it; every file that is named is there."""
    icons, languages = manifest["icons"], manifest["localizationInfo"]["additionalLanguages"]
    assert set(found) == {"manifest.json", *icons.values(), *(one["file"] for one in languages)}
    assert package(an_app(), content()) == package(an_app(), content())


def test_it_is_this_installations(manifest: Any) -> None:
    """I4: one bot, in private chats only; pages of our own domain and no other."""
    bot, = manifest["bots"]
    assert manifest["id"] == bot["botId"] == manifest["webApplicationInfo"]["id"] == APP_ID
    assert bot["scopes"] == ["personal"]
    assert manifest["validDomains"] == ["keyturn.example.no"]
    assert manifest["webApplicationInfo"]["resource"] == f"api://keyturn.example.no/botid-{APP_ID}"


def test_both_languages_say_everything(found: dict[str, bytes], manifest: Any) -> None:
    assert manifest["localizationInfo"] == {
        "defaultLanguageTag": "nb", "additionalLanguages": [{"languageTag": "en", "file": "en.json"}]}
    english = json.loads(found["en.json"])
    assert set(english) == {"$schema", *PLACES}
    assert manifest["name"]["full"] != english["name.full"]
    assert manifest["description"]["full"] != english["description.full"]


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_every_command_is_understood(lang: str) -> None:
    """A command is a message: Teams sends its title."""
    assert set(TOPICS) == set(COMMANDS)
    for name, topic in TOPICS.items():
        reading = reader().read(content().say(lang, f"teams_app.command.{name}.title"), lang)
        assert (reading.topic, reading.sure, reading.lang) == (topic, True, lang), name


def test_the_icons_are_as_teams_draws_them(found: dict[str, bytes]) -> None:
    """A full one of 192 pixels; an outline of 32, white on nothing."""
    colour, outline = (Image.open(BytesIO(found[name])) for name in ("color.png", "outline.png"))
    assert (colour.format, colour.size) == ("PNG", (192, 192))
    assert colour.convert("RGBA").getextrema()[3] == (255, 255)
    assert (outline.format, outline.size, outline.mode) == ("PNG", (32, 32), "RGBA")
    pixels = list(outline.get_flattened_data())
    assert {pixel[:3] for pixel in pixels if pixel[3]} == {(255, 255, 255)}
    assert {0, 255} <= {pixel[3] for pixel in pixels}


@pytest.mark.parametrize(("fields", "said"), [
    ({"app_id": ""}, "MicrosoftAppId"), ({"app_id": "keyturn"}, "MicrosoftAppId"),
    ({"base_url": "http://127.0.0.1:3978"}, "KEYTURN_PUBLIC_URL"), ({"version": "1.0"}, "three numbers"),
    ({"version": "01.0.0"}, "three numbers"), ({"about": About("", SITE, SITE, SITE)}, "developer"),
    ({"about": About("x" * 33, SITE, SITE, SITE)}, "developer"),
    ({"about": About("x", SITE, "http://x.no", SITE)}, "privacy")])
def test_what_teams_would_refuse_is_refused_here(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        package(an_app(**fields), content())


def test_the_command(tmp_path: Path) -> None:
    """It needs no server; what is missing is said in a line each, and nothing is written."""
    done = run("teams-package", env=environment(tmp_path), folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["MicrosoftAppId", "KEYTURN_PUBLIC_URL"]
    assert not list(tmp_path.glob("*.zip"))
    env = environment(tmp_path, MicrosoftAppId=APP_ID, MicrosoftAppPassword="x", KEYTURN_PUBLIC_URL=SITE)
    done = run("teams-package", "--out", "app.zip", "--app-version", "1.2.0", "--privacy", f"{SITE}/personvern",
               env=env, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"api://keyturn.example.no/botid-{APP_ID}" in done.stdout
    manifest = json.loads(files((tmp_path / "app.zip").read_bytes())["manifest.json"])
    assert (manifest["version"], manifest["developer"]["privacyUrl"]) == ("1.2.0", f"{SITE}/personvern")
    done = run("teams-package", "--out", str(tmp_path / "none" / "app.zip"), env=env, folder=tmp_path)
    assert (done.returncode, "cannot be written" in done.stderr) == (1, True)
