"""Every word the pages can need is there, in every language."""

import re

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.pages.error_pages import error_page
from bot.pages.rendering import TEMPLATES, Renderer
from bot.rules.passwords import Kind, Owner, Policy, check_password, rules_of
from tests.pages.stage import content

RULES = sorted({key for kind in Kind for key in rules_of(Policy(kind))} | {"history", "encoding", "other"})


OPERATIONS = ("reset", "change", "prove", "step_up", "it_code", "recovery_codes", "register_app", "temporary_pass")


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(content(), lambda name: f"/static/{name}")


@pytest.mark.parametrize("lang", content().languages)
@pytest.mark.parametrize("key", RULES)
def test_every_rule_has_its_words(renderer: Renderer, lang: str, key: str) -> None:
    """The seam to bot/rules/passwords.py and the directories: a rule without words is told as "other"."""
    facts = {one.key: one.facts for kind in Kind for one in check_password("x", Owner(), Policy(kind))}
    for part in ("rule", "broken"):
        assert content().messages[lang][f"password.{part}.{key}"].places <= facts.get(key, {}).keys()


@pytest.mark.parametrize("lang", content().languages)
@pytest.mark.parametrize("operation", ["reset", "change"])
@pytest.mark.parametrize("reason", [
    "interrupted", "paused", "paused_here", "paused_everywhere", "too_many", "too_many_tries", "methods_changed",
    "contact_it", "other"])
def test_every_reason_to_refuse_has_its_words(lang: str, operation: str, reason: str) -> None:
    assert content().messages[lang][f"pages.{operation}.refused.reason.{reason}"].places == frozenset()


@pytest.mark.parametrize("lang", content().languages)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 413, 418, 421, 429, 500, 502, 503, 599])
def test_every_status_has_a_page(renderer: Renderer, lang: str, status: int) -> None:
    answer = error_page(renderer, make_mocked_request("GET", f"/secure/x?lang={lang}"), status)
    assert answer.status == status
    assert f'<html lang="{lang}">' in (answer.text or "")


def test_templates_name_only_messages_that_exist() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text("utf-8")
        for key in re.findall(r"""say(?:_in)?\((?:other, )?"([a-z_.0-9]+)"[,)]""", text):
            for lang in content().languages:
                assert key in content().messages[lang], f"{template.name}: {key}"


def test_no_message_lies_about_unused() -> None:
    """Words nobody shows are words nobody keeps true."""
    used = "".join(template.read_text("utf-8") for template in TEMPLATES.glob("*.html"))
    for key in content().messages["nb"]:
        room, _, rest = key.partition(".")
        of_a_family = rest.startswith(("alarm.", "error.", "note.", "it_")) or ".refused.reason." in rest
        if room not in ("pages", "demo") or of_a_family:
            continue
        operation, dot, part = rest.partition(".")
        tail = f"{dot}{part}" if operation in OPERATIONS else f"{room}.{rest}"
        assert f'"{tail}"' in used, key
