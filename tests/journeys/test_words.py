"""Every sentence is said somewhere, and everything that may be said is there in every language: read off the code."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from bot.admin.help_cases import DID
from bot.admin.trail_words import ABOUT, EVENTS, OUTCOMES, REASONS, STAFF
from bot.delivery.protocol import Mail
from bot.directory import demo
from bot.directory.demo_desk import _note
from bot.directory.entra_change import REFUSED_BY_SERVICE, SIGN_ON
from bot.directory.entra_sign_in import KINDS
from bot.directory.entra_writes import BUSY
from bot.journeys import JOURNEYS
from bot.journeys.alarm import OPERATION as FREEZE
from bot.journeys.alarm import Stands
from bot.journeys.forgetting import Kept
from bot.journeys.helpdesk import NotDone
from bot.journeys.helping import Became
from bot.journeys.protocol import End
from bot.pages.error_pages import _WORDED
from bot.pages.secure_faces import _SELDOM, OF_NOTHING_TYPED
from bot.rules import events
from bot.rules.case import WhyEnded, WhyNot, WhyRefused
from bot.rules.helpdesk import HOW, About, Stage
from bot.rules.helping import Act
from bot.rules.limits import QUARTER, Limits, counted_for_account
from bot.rules.lockout import FAILURES
from bot.rules.passwords import CURRENT_OR_NEW, NO_CURRENT, NO_NEW, OF_CURRENT, WRONG_CURRENT, Kind, Policy, rules_of
from bot.rules.policy import LEAST
from bot.rules.sign_in_there import OwnPage
from bot.rules.staff import ROLES
from bot.store.staff_sessions import Over
from bot.teams_app.package import _LONGEST as TEXTS_OF_THE_APP
from bot.teams_app.package import COMMANDS
from dialogs.proving import AT_GATE, MAILED, ON_PAGE_FOR, UNTIL
from tests.support.house import content

ROOT = Path(__file__).parents[2]
OPERATIONS = ("reset", "change")
CONVERSATIONS = ("forgot_password", "change_password", "unlock_account", "recovery_codes", "register_method",
                 "temporary_pass")
REGISTERING = ("register_app", "register_mail", "rename_method", "remove_method")
ALARMED = tuple(one for one in Stands if one is not Stands.UNKNOWN)
PAGES = (*OPERATIONS, "recovery_codes", "register_app", "temporary_pass")
# The operations whose words a template asks for.
PROOFS = ("prove", "step_up", "it_code")
TEMPLATES = {
    "secure_code.html": PROOFS, "result_proved.html": ("prove",), "secure_start.html": (*PAGES, *PROOFS),
    "secure_app.html": ("register_app",), "result_app.html": ("register_app",),
    "secure_make.html": ("recovery_codes", "temporary_pass"), "result_once.html": ("recovery_codes", "temporary_pass"),
    "result_codes.html": ("recovery_codes",), "result_pass.html": ("temporary_pass",),
    "result_shown.html": ("recovery_codes", "temporary_pass"), "result_checking.html": PAGES,
    "result_refused.html": (*PAGES, "prove")}
# What only an operation without a password page can be refused for, and one with it cannot.
LOCKS = (WhyRefused.NOT_LOCKED, WhyRefused.EXPIRED_PASSWORD)
EMPTY = {NO_CURRENT, NO_NEW}
OF_A_CHANGE = {WhyRefused.CHANGE_ELSEWHERE, WhyRefused.CHANGE_ASKS_MORE}
NOT_ON_PAGE = {
    "reset": {*LOCKS, *OF_A_CHANGE, WhyRefused.TOO_OLD, WhyRefused.NEW_APP_WRONG},
    "change": {*LOCKS, WhyRefused.TOO_OLD, WhyRefused.NEW_APP_WRONG},
    "recovery_codes": {*LOCKS, *OF_A_CHANGE, WhyRefused.TOO_MANY, WhyRefused.TOO_MANY_TRIES, WhyRefused.NEW_APP_WRONG},
    "temporary_pass": {*LOCKS, *OF_A_CHANGE, WhyRefused.TOO_MANY_TRIES, WhyRefused.NEW_APP_WRONG},
    "register_app": {*LOCKS, *OF_A_CHANGE, WhyRefused.TOO_MANY, WhyRefused.TOO_MANY_TRIES}}
ADMIN_WORDS: dict[str, Collection[str]] = {
    "admin.account.budget": {f"{FAILURES}.row", f"{FAILURES}.quarter", f"{FAILURES}.day"} | {
        f"{what}.{'quarter' if seconds == QUARTER else 'day'}"
        for what, terms in counted_for_account(Limits()) for _, seconds in terms},
    "admin.cases.did": DID,
    "admin.sign_in.over": {*Over} - {Over.LOST},    # which is a pause
    "admin.sign_in.paused": {"lost", "clock"},
    "admin.questions.done": {"added", "dismissed", "removed"},
    "admin.questions.wrong": {"empty", "gap", "unsafe", "long", "topic"}}
# Names of files and of log events that look like keys.
NO_KEYS = re.compile(
    r".*\.html|mail\.(failed|undeliverable|unsettled|unreadable)|web_chat\.client_missing|case\.rejected|help_case\.rejected")


@cache
def _modules() -> dict[str, ast.Module]:
    files = [one for room in ("bot", "dialogs") for one in (ROOT / room).rglob("*.py")]
    return {str(one.relative_to(ROOT)): ast.parse(one.read_text(encoding="utf-8")) for one in files}


def _nodes(*rooms: str) -> Iterator[ast.AST]:
    for name, module in _modules().items():
        if name.startswith(rooms or ("",)):
            yield from ast.walk(module)


def _texts(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _arguments(*names: str) -> Iterator[tuple[ast.Call, str]]:
    """Calls of functions or methods with these names in the journeys and dialogs, and the name."""
    for node in _nodes("bot/journeys", "dialogs"):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield node, called


def _mails() -> set[str]:
    """Keys of mails: of notices to owners, and of the mails put together elsewhere."""
    notices = {text for call, _ in _arguments("tell_owner", "tell_by_mail")
               for one in call.args[1:2] for text in _texts(one)}
    for node in _nodes("bot/verification", "bot/journeys"):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == Mail.__name__:
            notices |= set(_texts(node.args[2]))
    # One f-string makes all that IT does, one of the aftermath two more.
    notices = (notices - {"it_"}) | {f"it_{one}" for one in Act}
    return (notices - {"_done"}) | {f"{one}_done" for one in (*OPERATIONS, *REGISTERING)}


def _rules() -> set[str]:
    return {key for kind in Kind for key in rules_of(Policy(kind))} | _SELDOM | {
        "history", "other", REFUSED_BY_SERVICE, BUSY, WRONG_CURRENT, CURRENT_OR_NEW, SIGN_ON, "not_an_app_code",
        "wrong_app_code", "not_a_recovery_code", "wrong_recovery_code"}


def _families() -> dict[str, set[str]]:
    """What every f-string that makes a key can make, by its shape."""
    return {
        "case.over.{}": {f"case.over.{one}" for one in WhyEnded},
        "case.refused.{}": {f"case.refused.{one}" for one in WhyRefused},
        "case.cannot.{}": {f"case.cannot.{one}" for one in WhyNot},
        "case.paused.{}": {f"case.paused.{one}" for one in ("here", "targets", "everywhere")},
        "case.gate.{}": {f"case.gate.{one}" for one in AT_GATE},
        "case.gate.{}_waiting": {f"case.gate.{one}_waiting" for one in MAILED},
        "case.gate.{}_again": {f"case.gate.{one}_again" for one in MAILED},
        "case.{}": {f"case.{one}" for one in ON_PAGE_FOR.values()},
        "case.button.{}": {f"case.button.{one}" for one in ON_PAGE_FOR.values()},
        "case.wrong.{}": {"case.wrong.more", "case.wrong.last"},
        "case.wrong_for_visitor.{}": {"case.wrong_for_visitor.more", "case.wrong_for_visitor.last"},
        "{}.page": {f"{one}.page" for one in CONVERSATIONS if one != "unlock_account"},
        "{}.page_in_window": {f"{one}.page_in_window" for one in CONVERSATIONS if one != "unlock_account"},
        "case.{}_in_window": {f"case.{one}_in_window" for one in ON_PAGE_FOR.values()},
        "{}.button.page": {f"{one}.button.page" for one in CONVERSATIONS if one != "unlock_account"},
        "{}.done": {f"{one}.done" for one in CONVERSATIONS},
        "{}.done_waits": {"recovery_codes.done_waits", "register_method.done_waits"},
        "{}.button.start": {f"{one}.button.start" for one in CONVERSATIONS},
        "fetch_a_person.{}": {"fetch_a_person.sent", "fetch_a_person.sent_here"},
        "fetch_a_person.stands.{}": {f"fetch_a_person.stands.{one}" for one in Stage},
        "register_method.button.{}": {f"register_method.button.{one}" for one in (
            "app", "mail", "rename", "remove", "instead", "beside", "this", "codes", "sure")},
        "register_method.which.{}": {"register_method.which.rename_method", "register_method.which.remove_method"},
        "register_method.no_address.{}": {"register_method.no_address.unclear", "register_method.no_address.work"},
        "helpdesk.who.{}": {"helpdesk.who.link", "helpdesk.who.owner"},
        "helpdesk.about.{}": {f"helpdesk.about.{one}" for one in About},
        "helpdesk.tried.{}": {f"helpdesk.tried.{one}" for one in HOW},
        "my_status.there.{}": {f"my_status.there.{one}" for one in KINDS},
        "my_status.page.{}": {f"my_status.page.{one}" for one in OwnPage if one is not OwnPage.UNKNOWN},
        "answer.button.{}": {"answer.button.yes", "answer.button.no"},
        "mail.{}.{}": {f"mail.{one}.{part}" for one in _mails() for part in ("subject", "body")},
        "my_events.{}": {f"my_events.{one}" for one in events.PLAIN} | {
            f"my_events.{kind}.{one}" for kind in events.OF_OPERATIONS for one in (*events.OPERATIONS, "other")},
        "my_events.by.{}": {f"my_events.by.{one}" for one in (*events.WAYS.values(), "other")},
        "forget_me.kept.{}": {f"forget_me.kept.{one.name}" for one in fields(Kept)} | {
            "forget_me.kept.trail", "forget_me.kept.questions", "forget_me.kept.counters"},
        "admin.outcome.{}": {f"admin.outcome.{one}" for one in OUTCOMES},
        "admin.reason.{}": {f"admin.reason.{one}" for one in REASONS},
        "admin.event.staff.{}": {f"admin.event.staff.{one}" for one in STAFF},
        "admin.event.of.{}": {f"admin.event.of.{one}" for one in ABOUT},
        "admin.event.by.{}": {f"admin.event.by.{one}" for one in (*events.WAYS.values(), "other")},
        "admin.event.{}": {f"admin.event.{one}" for one in EVENTS},
        "admin.do.{}.title": {f"admin.do.{one}.title" for one in Act},
        "forget_me.screen.{}": {"forget_me.screen.web_chat", "forget_me.screen.teams"},
        "what_here.{}": {f"what_here.{one}" for one in ("bot", "here", "questions", "group", "how", "never")},
        "not_me.{}": {f"not_me.{one}" for one in ALARMED},
        "not_me.with_case.{}": {f"not_me.with_case.{one}" for one in ALARMED},
        "password.{}.{}": {f"password.rule.{one}" for one in _rules() - OF_CURRENT - OF_NOTHING_TYPED}
            | {f"password.broken.{one}" for one in _rules() | EMPTY},
        "password.broken.{}": {f"password.broken.{one}" for one in _rules() | EMPTY},
        "password.{}.other": {"password.rule.other", "password.broken.other"},
        "{}.refused.reason.{}": {
            f"pages.{operation}.refused.reason.{one}" for operation in PAGES for one in WhyRefused
            if one not in NOT_ON_PAGE[operation]},
        "{}.refused.reason.other": {
            f"pages.{operation}.refused.reason.other" for operation in (*PAGES, "prove")},
        "teams_app.{}": {f"teams_app.{one}" for one in TEXTS_OF_THE_APP},
        "teams_app.command.{}.title": {f"teams_app.command.{one}.title" for one in COMMANDS},
        "teams_app.command.{}.about": {f"teams_app.command.{one}.about" for one in COMMANDS},
        "pages.{}": set(),      # the beginning of others
    }


def _stems() -> set[str]:
    return {key.partition(".")[0] for key in content().messages["nb"]}


def _shapes() -> set[str]:
    """The f-strings in the code that make keys."""
    found = set()
    for node in _nodes():
        if isinstance(node, ast.JoinedStr):
            shape = "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
            if re.fullmatch(r"[a-z_]+(\.[a-z_{}]+)+|\{\}(\.[a-z_]+)+(\.\{\})?", shape):
                found.add(shape)
    made = (".refused.reason", "{}.page", "{}.button.", "{}.done")
    return {one for one in found if one.partition(".")[0] in _stems() or (one.startswith("{}") and any(
        part in one for part in made))}


def _literals() -> set[str]:
    """Texts in the code that are written as keys are."""
    texts = {text for node in _nodes() for text in ([node.value] if isinstance(node, ast.Constant) else [])
             if isinstance(text, str) and re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", text)}
    return {one for one in texts if one.partition(".")[0] in _stems() and not NO_KEYS.fullmatch(one)}


def _in_templates() -> set[str]:
    found = set()
    for path in (ROOT / "bot").glob("*/templates/*.html"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'(?:say(?:_in)?|told)\((?:other, |one\.lang, )?"([a-z_.]+)"[,)]', text))
        found |= {f"pages.{operation}{rest}" for rest in re.findall(r'say\(words ~ "([a-z_.]+)"[,)]', text)
                  for operation in TEMPLATES.get(path.name, OPERATIONS)}
        found |= {f"{stem}.error.{status}{rest}" for status in (*map(str, _WORDED),)
                  for stem, rest in re.findall(r'say\("(pages|admin).error." ~ problem ~ "([a-z_.]+)"\)', text)}
        found |= {f"admin.do.{act}.{part}" for act in Act for part in re.findall(
            r'say\("admin.do." ~ (?:[a-z]+\.)?act ~ "\.([a-z]+)"', text)}
        if '"pages.alarm." ~' in text:
            named = ALARMED if "stands" in text else ("gone", "refused", "failed", "unavailable")
            found |= {f"pages.alarm.{one}.{part}" for one in named for part in ("title", "lead")}
        for stem, ends in ADMIN_WORDS.items():
            found |= {f"{stem}.{one}" for one in ends if f'"{stem}." ~' in text}
        if '"admin.result." ~' in text:
            found |= {f"admin.result.{one or 'running'}" for one in Became}
        if '"admin.cases.is." ~' in text:
            found |= {f"admin.cases.is.{one}" for one in Stage}
        if '"admin.cases.not_done." ~' in text:
            found |= {f"admin.cases.not_done.{one}" for one in NotDone if one is not NotDone.GONE}   # that is a 404
        if '"demo.it_" ~' in text:
            found |= {f"demo.it_{one}" for one in ROLES}
        if '"demo.note." ~' in text:
            found |= {f"demo.note.{_note(one)}" for one in demo.PEOPLE}
    return found


def _wanted() -> set[str]:
    return _literals() | _in_templates() | set().union(*_families().values())


def test_the_code_was_understood() -> None:
    """The readings above find what is known to be there, so that they do not pass for finding nothing."""
    assert {"code", "reset_done", "change_done", "unlock_done", "recovery_code_used", "recovery_codes_made",
            "temporary_pass_made",
            "new_address", "register_app_done", "register_mail_done", "rename_method_done", "remove_method_done",
            "paused", "help_opened", "help_urgent", "it_pause", "it_resume", "it_thaw", "it_reopen", "it_code",
            "frozen", "help_answer", "help_closed", "help_answer_no_chat", "help_closed_no_chat",
            "stayed_open", "locked_again"} == _mails()
    assert {End.DONE.value, End.REFUSED.value, End.CHECKING.value} == {"done", "refused", "checking"}
    assert len(_literals()) > 40
    assert len(_in_templates()) > 60


def test_every_made_up_key_is_of_a_known_family() -> None:
    """A new f-string of keys has to be listed here, with all that it can make."""
    assert _shapes() == set(_families())


@pytest.mark.parametrize("lang", content().languages)
def test_every_notice_has_a_way_to_say_that_it_was_somebody_else(lang: str) -> None:
    """The link stands in whatever an owner is told by mail, but where all is shut already (O6)."""
    without = {one for one in _mails() if "link" not in content().messages[lang][f"mail.{one}.body"].places}
    instead_of_chat = {
        "help_answer", "help_closed", "help_answer_no_chat", "help_closed_no_chat", "stayed_open", "locked_again"}
    assert without == {"code", "new_address", "frozen", "help_opened", "help_urgent"} | instead_of_chat


def test_every_operation_is_told_in_the_owners_events() -> None:
    """What can be begun, or done to an account, is told by its own name, and what IT does, too."""
    assert {*filter(None, JOURNEYS.values()), *LEAST, FREEZE} == set(events.OPERATIONS)
    assert set(Act) == set(events.BY_IT)


SURE_OF_NOTHING = re.compile(r"(?i)ikke (er )?(endret|byttet)|ingenting|not (been )?changed|nothing")
KNOWN = {
    # What was just sent was not used, whatever became of what was sent before.
    "pages.error.400.lead", "pages.error.403.lead", "pages.error.408.lead", "pages.error.413.lead",
    "pages.error.429.lead", "pages.alarm.refused.lead", "pages.form.problems", "pages.form.problems_title",
    "pages.dialog.not_ours",
    # The case was ended or refused by compare-and-set, so there is no effect and never will be.
    *(f"case.over.{one}" for one in WhyEnded), *(f"case.refused.{one}" for one in WhyRefused), "case.too_many_codes",
    *UNTIL.values(),
    "case.other_account",
    *(f"pages.{one}.refused.{part}" for one in (*PAGES, "prove") for part in ("title", "lead")),
    # Asked before there is any case.
    "register_method.kept", "register_method.nothing",
    # Of the person, not of the case; a condition; an instruction.
    *(f"{one}.help" for one in CONVERSATIONS), "pages.form.phrase_help", "pages.alarm.was_me",
}


@pytest.mark.parametrize("lang", content().languages)
def test_nothing_was_changed_is_said_only_where_it_is_known(lang: str) -> None:
    """F1: never by an apology, which may be said while an effect is in flight."""
    rooms = ("case.", *(f"{one}." for one in CONVERSATIONS), "common.", "error.", "pages.")
    said = {key for key, sentence in content().messages[lang].items()
            if key.startswith(rooms) and SURE_OF_NOTHING.search("".join(sentence.pieces))}
    assert sorted(said - KNOWN) == []


@pytest.mark.parametrize("lang", content().languages)
def test_everything_said_is_there(lang: str) -> None:
    """No person ever meets a sentence that is missing."""
    assert sorted(_wanted() - content().messages[lang].keys()) == []


@pytest.mark.parametrize("lang", content().languages)
def test_everything_there_is_said(lang: str) -> None:
    """No sentence is kept that nobody can ever read."""
    assert sorted(content().messages[lang].keys() - _wanted()) == []
