"""What `deployment/` says is what the product does: settings, permissions, commands, the store's own options."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from app import cli
from bot.directory.entra_doctor import _APP_ROLES, _USER_ADMINISTRATOR
from bot.settings import LIMIT_PREFIX, Settings, load

ROOT = Path(__file__).parents[2]
HERE = ROOT / "deployment"
KNOWN = {one.alias for one in Settings.model_fields.values()}
GUIDE = (HERE / "microsoft-365.md").read_text(encoding="utf-8")
DOCKERFILE = (HERE / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
NAME = re.compile(r"\b(KEYTURN_[A-Z_]+|MicrosoftApp[A-Za-z]+|REDIS_URL|SMTP_URL)\b")
FILES = ["Dockerfile", "compose.yaml", "keyturn.env.example", "microsoft-365.md", "azure-bot.json"]


def example() -> dict[str, str]:
    """What the example of an environment sets, with what has to be filled in."""
    lines = (HERE / "keyturn.env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    ids = dict.fromkeys(("MicrosoftAppId", "MicrosoftAppTenantId", "KEYTURN_TENANTS", "KEYTURN_ENTRA_APP_ID"),
                        "22222222-3333-4444-5555-666666666666")
    filled = {**ids, "MicrosoftAppPassword": "secret", "KEYTURN_SECRET_KEYS": "A" * 43 + "="}
    return given | {name: value for name, value in filled.items() if not given[name]}


@pytest.mark.parametrize("name", FILES)
def test_every_setting_that_is_named_is_one(name: str) -> None:
    named = set(NAME.findall((HERE / name).read_text(encoding="utf-8")))
    assert {one for one in named if not one.startswith(LIMIT_PREFIX)} <= KNOWN


def test_the_example_starts_in_production() -> None:
    """With what compose.yaml adds; anything missing or unsafe would be said."""
    settings = load({**example(), **COMPOSE["services"]["keyturn"]["environment"]}, HERE / "no.env")
    assert not settings.development
    assert settings.directory == "entra"


def test_the_store_is_reached_by_keyturn_alone() -> None:
    """D5: no plaintext leaves the network that the two share, and the port outside is on loopback."""
    store, keyturn = COMPOSE["services"]["store"], COMPOSE["services"]["keyturn"]
    assert keyturn["network_mode"] == "service:store"
    assert store["ports"] == ["127.0.0.1:3978:3978"]
    assert keyturn["environment"]["REDIS_URL"].startswith("redis://127.0.0.1:6379")
    for one in (store, keyturn):
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
    assert keyturn["read_only"] is True
    assert ":" in store["image"]


def test_the_image_is_made_as_the_makefile_sets_up() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in ("requirements.txt", "requirements-node.txt"):
        step = f"pip install -q --disable-pip-version-check --require-hashes -r {name}"
        assert step in DOCKERFILE
        assert step in makefile
    for step in ("-m bot.pages.bundle", "-m compileall -q bot dialogs"):
        assert step in DOCKERFILE
        assert step in makefile
    copied = set(re.findall(r"^COPY ((?:[\w.-]+ )+)\S+$", DOCKERFILE, re.MULTILINE))
    assert all((ROOT / one).exists() for line in copied for one in line.split())
    assert {"app.py ", "bot ", "dialogs "} <= copied


def test_the_image_is_pinned_and_nobody_in_it_is_root() -> None:
    assert re.search(r"^ARG PYTHON=\d+\.\d+\.\d+-", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:${PYTHON}", "installed"}
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert last.index("\nUSER ") < last.index("\nCMD ")
    assert "HEALTHCHECK" in last
    assert "/healthz" in last


def test_what_the_image_has_made_comes_to_the_volume_and_replaces_nothing(tmp_path: Path) -> None:
    """A volume that takes nothing is for Keyturn to complain of: it starts all the same."""
    shell, option, line = json.loads(DOCKERFILE.rpartition("\nCMD ")[2].strip())
    assert (shell, option) == ("sh", "-c")
    copying, _, start = line.partition("exec ")
    assert start == "python app.py serve"
    for place, content in (("made/teams/1", "new"), ("made/teams/2", "new"), ("data/teams/1", "old")):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(content)
    (tmp_path / "full").touch()
    for folder in ("data", "full"):
        done = subprocess.run(
            ["sh", "-c", copying.replace("/data/", f"{folder}/") + "exec echo started"], cwd=tmp_path,
            capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("started\n", "")
    assert [(tmp_path / "data/teams" / one).read_text() for one in "12"] == ["old", "new"]


def test_the_guides_permissions_are_those_that_doctor_looks_for() -> None:
    listed = dict(re.findall(r"^\| `([A-Za-z.-]+)` \| `([0-9a-f-]{36})` \|", GUIDE, re.MULTILINE))
    assert listed == _APP_ROLES
    assert _USER_ADMINISTRATOR in GUIDE


def test_the_guides_commands_are_there() -> None:
    assert isinstance(cli, click.Group)
    words = re.findall(r"app\.py ((?:[a-z][a-z-]*)(?: [a-z]+)?)", GUIDE)
    assert len(words) > 4
    for one in words:
        name, _, rest = one.partition(" ")
        command = cli.commands[name]
        assert not isinstance(command, click.Group) or rest in command.commands, one


def test_the_guides_files_and_links_are_there() -> None:
    for name in re.findall(r"\bdeployment/[\w.-]+[\w]", GUIDE):
        assert (ROOT / name).exists() or name.endswith("keyturn.env"), name
    links = re.findall(r"\]\(([^)]*)\)", GUIDE)
    assert links
    assert all(re.fullmatch(r"https://learn\.microsoft\.com/[a-z0-9/-]+", one) for one in links)


def test_the_template_is_whole() -> None:
    """Every parameter is used and described by name; the endpoint is the one that Keyturn has."""
    text = (HERE / "azure-bot.json").read_text(encoding="utf-8")
    template = json.loads(text)
    assert set(re.findall(r"parameters\('(\w+)'\)", text)) == template["parameters"].keys()
    bot, channel = template["resources"]
    assert bot["properties"]["endpoint"] == "[concat(parameters('publicUrl'), '/api/messages')]"
    assert bot["properties"]["msaAppType"] == Settings.model_fields["app_type"].default
    assert channel["properties"]["channelName"] == "MsTeamsChannel"
    given = set(re.findall(r"(\w+)=\S+", GUIDE.partition("--template-file")[2].partition("```")[0]))
    needed = {name for name, one in template["parameters"].items() if "defaultValue" not in one}
    assert needed <= given <= template["parameters"].keys()
