"""The policy's file: what it says, what it may not say, and in which words it is told so (G5, V8, I8)."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy_file import MOST_BYTES, PolicyError, parsed, read, without_file
from bot.rules.limits import Limits
from bot.rules.policy import ANONYMOUS, LEAST, OWNER, enough, values
from bot.rules.registered import APP, EMAIL_CODE, TOTP

EXAMPLE = Path(__file__).parents[1] / "deployment" / "policy.toml"
HERE = Path("policy.toml")


def policy(text: str) -> Any:
    return parsed(text.encode(), HERE, Limits())


def test_the_example_says_what_holds_without_a_file() -> None:
    """So whoever copies it changes nothing by that."""
    assert values(parsed(read(EXAMPLE), EXAMPLE, Limits())) == values(without_file(Limits()))


def test_what_the_example_only_hints_at_works() -> None:
    """The part that is commented out."""
    lines = EXAMPLE.read_text(encoding="utf-8").partition("# [groups.finance]")
    hinted = "\n".join(line.removeprefix("# ") for line in (lines[1] + lines[2]).splitlines())
    made = policy(hinted)
    assert made.gates_for("reset", OWNER, ("finance",)) == (APP, EMAIL_CODE)
    assert made.gates_for("unlock", OWNER, ("finance",)) is None
    assert made.forces_registration(("finance",))


def test_where_groups_have_object_ids_no_other_name_will_do() -> None:
    """G1: a rule for a group that the directory does not know would hold for nobody."""
    said = b"[groups.finance]\noff = ['unlock']\n"
    assert parsed(said, HERE, Limits()).groups
    with pytest.raises(PolicyError, match=r"groups\.finance: Entra ID knows a group by its object id"):
        parsed(said, HERE, Limits(), guids=True)
    by_id = "11111111-aaaa-4bbb-8ccc-0000000000f1"
    assert by_id in parsed(said.replace(b"finance", by_id.encode()), HERE, Limits(), guids=True).groups


def test_an_empty_file_is_the_default() -> None:
    assert policy("") == without_file(Limits())


def test_values_arrive() -> None:
    made = policy("""
        reconfirm_days = 0
        cool_down_hours = 48
        organisation_words = ["solsikken"]
        registration = { forced = true, snooze_days = 7, snoozes = 0 }
        [teams]
        off = ["unlock"]
        gates.change = ["app"]
        [web_chat]
        gates.reset = ["app", "email_code"]
    """)
    assert (made.reconfirm_days, made.cool_down_seconds, made.organisation) == (0, 172800, ("solsikken",))
    assert (made.registration.snooze_days, made.registration.snoozes) == (7, 0)
    assert made.forces_registration(())
    assert made.gates_for("unlock", OWNER) is None
    assert made.gates_for("unlock", ANONYMOUS) == (TOTP, EMAIL_CODE)
    assert made.gates_for("change", OWNER) == (APP,)
    assert made.gates_for("reset", ANONYMOUS) == (APP, EMAIL_CODE)


@pytest.mark.parametrize(("text", "line"), [
    ("reconfirm_days = 731", "policy.toml: reconfirm_days: input should be less than or equal to 730"),
    ("reconfirm_days = -1", "policy.toml: reconfirm_days: input should be greater than or equal to 0"),
    ("reconfirm_days = true", "policy.toml: reconfirm_days: input should be a valid integer"),
    ("cool_down_hours = 7", "policy.toml: cool_down_hours: input should be greater than or equal to 8"),
    ("admins = true", "policy.toml: admins: is no value of a policy"),
    ("teams.protected = true", "policy.toml: teams.protected: is no value of a policy"),
    ("groups.it.serve = true", "policy.toml: groups.it.serve: is no value of a policy"),
    ("registration.snoozes = 11", "policy.toml: registration.snoozes: input should be less than or equal to 10"),
    ("teams.gates.reset = []", "policy.toml: teams.gates.reset: asks for less than app_or_recovery_code (V8)"),
    ('web_chat.gates.reset = ["app"]',
     "policy.toml: web_chat.gates.reset: asks for less than app_or_recovery_code and email_code (V8)"),
    ('teams.gates.change = ["email_code"]',
     "policy.toml: teams.gates.change: a mailed code alone never suffices"),
    ('groups.it.gates.reset = []', "policy.toml: groups.it.gates.reset: asks for less than app_or_recovery_code"),
    ('teams.gates.reset = ["password"]', "policy.toml: teams.gates.reset: password is no proof"),
    ('web_chat.gates.recovery_codes = ["app"]',
     "policy.toml: web_chat.gates.recovery_codes: there is no such operation here"),
    ('teams.off = ["everything"]', "policy.toml: teams.off: there is no operation everything here"),
    ('groups."a b".off = []', "policy.toml: groups.a b: string should match pattern"),
    ("reconfirm_days = ", "policy.toml is no TOML: Invalid value"),
    ("reconfirm_days = 1\nreconfirm_days = 2", "policy.toml is no TOML: Cannot overwrite"),
])
def test_what_may_not_be_said(text: str, line: str) -> None:
    """One line that names the value and what is wrong with it."""
    with pytest.raises(PolicyError) as caught:
        policy(text)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        policy('reconfirm_days = 999\ncolour = "red"\nregistration.forced = 3')
    assert set(caught.value.names) == {"reconfirm_days", "colour", "registration.forced"}
    assert len(str(caught.value).splitlines()) == 3


def test_a_name_cannot_forge_a_line() -> None:
    """U3."""
    with pytest.raises(PolicyError) as caught:
        policy('"a\\nb\\u001b" = 1')
    assert str(caught.value) == "policy.toml: a?b?: is no value of a policy"


@pytest.mark.parametrize(("content", "said"), [
    (b"\xff\xfe", "is not UTF-8"), (b"a = " + b"[" * 60000, "is n"), (b"#" * (MOST_BYTES + 1), "is larger than")])
def test_files_that_are_none(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=said):
        parsed(read(path), path, Limits())


def test_a_file_that_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "policy.toml", tmp_path):
        with pytest.raises(PolicyError, match=str(path)):
            parsed(read(path), path, Limits())


# -- whatever stands in a file ---------------------------------------------------------------------

_NAMES = st.sampled_from(["app", "app_or_recovery_code", "email_code", "password", ""])
_GATES = st.dictionaries(st.sampled_from([*LEAST, "fly"]), st.lists(_NAMES, max_size=3), max_size=4)
_OFF = st.lists(st.sampled_from([*LEAST, "fly"]), max_size=2)
_PARTS = st.fixed_dictionaries({}, optional={"gates": _GATES, "off": _OFF})
_FILES = st.fixed_dictionaries({}, optional={
    "teams": _PARTS, "web_chat": _PARTS, "groups": st.dictionaries(st.sampled_from(["a", "b"]), _PARTS),
    "cool_down_hours": st.integers(0, 100), "reconfirm_days": st.integers(-5, 1000)})


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}" = {_toml(one)}' for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


@given(_FILES, st.sets(st.sampled_from(["totp", "recovery_code", "email_code"])), st.sets(st.sampled_from("ab")))
def test_no_file_asks_for_less_than_the_least(file: dict[str, Any], proofs: set[str], groups: set[str]) -> None:
    """G5, V8, limit 17: either it is refused, or whatever opens its gates opens the least ones."""
    text = "\n".join(f"{name} = {_toml(value)}" for name, value in file.items())
    try:
        made = policy(text)
    except PolicyError:
        return
    assert made.cool_down_seconds >= 8 * 3600
    for operation, ways in LEAST.items():
        for way in (OWNER, ANONYMOUS):
            gates = made.gates_for(operation, way, groups)
            if gates is None:
                continue
            assert way in ways
            assert not enough(gates, proofs) or enough(ways[way], proofs), (operation, way, gates)
