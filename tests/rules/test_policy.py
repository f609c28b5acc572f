"""What a policy asks of whom: never less than the least, and the strictest of an account's groups (V8, G5, I8)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.policy import (
    ANONYMOUS,
    GATE_NAMES,
    LEAST,
    OWNER,
    GroupRule,
    Policy,
    changed,
    enough,
    strictest,
    too_loose,
    values,
)
from bot.rules.registered import ALTERNATIVES, APP, EMAIL_CODE, RECOVERY_CODE, TOTP

GATES = st.lists(st.sampled_from(list(GATE_NAMES.values())), max_size=4)


@pytest.mark.parametrize(("gates", "least", "said"), [
    ((TOTP,), (TOTP,), ""),
    ((APP,), (TOTP,), ""),
    ((APP, EMAIL_CODE), (TOTP,), ""),
    ((TOTP, EMAIL_CODE), (), ""),
    ((), (), ""),
    ((), (TOTP,), "asks for less than app_or_recovery_code"),
    ((APP,), (TOTP, EMAIL_CODE), "asks for less than app_or_recovery_code and email_code"),
    ((EMAIL_CODE,), (), "a mailed code alone never suffices"),
    ((EMAIL_CODE, APP), (), "in this order"),
    ((TOTP, TOTP), (TOTP,), "each proof once"),
    ((APP, TOTP), (TOTP,), "each proof once"),
    ((APP, TOTP, EMAIL_CODE), (TOTP,), "2 are the most"),
])
def test_which_gates_an_operation_may_ask_for(
        gates: tuple[str, ...], least: tuple[str, ...], said: str) -> None:
    """V8: fewer than the least is too loose; the typed proof comes before anything is sent."""
    why = too_loose(gates, least)
    assert said in why
    assert bool(why) is bool(said)


@pytest.mark.parametrize(("asked", "joined"), [
    ([(TOTP,), ()], (TOTP,)),
    ([(TOTP,), (APP,)], (APP,)),
    ([(TOTP, EMAIL_CODE), (APP,)], (APP, EMAIL_CODE)),
    ([(), ()], ()),
])
def test_rules_add_up(asked: list[tuple[str, ...]], joined: tuple[str, ...]) -> None:
    assert strictest(*asked) == joined


@given(st.lists(GATES, max_size=4), GATES)
def test_adding_up_never_asks_for_less(asked: list[list[str]], proofs: list[str]) -> None:
    """Whoever opens the gates of all rules together opens those of each."""
    kinds = [TOTP if one == APP else one for one in proofs]
    if enough(strictest(*asked), kinds):
        assert all(enough(gates, kinds) for gates in asked)


@pytest.mark.parametrize(("gates", "proofs", "opened"), [
    ((TOTP,), (TOTP,), True),
    ((TOTP,), (RECOVERY_CODE,), True),
    ((APP,), (RECOVERY_CODE,), False),
    ((APP, EMAIL_CODE), (TOTP, EMAIL_CODE), True),
    ((TOTP, EMAIL_CODE), (TOTP,), False),
    ((TOTP,), (EMAIL_CODE,), False),
    ((), (), True),
    ((TOTP,), (), False),
])
def test_which_proofs_are_enough(gates: tuple[str, ...], proofs: tuple[str, ...], opened: bool) -> None:
    assert enough(gates, proofs) is opened


def test_every_gate_can_be_opened_by_some_proof() -> None:
    """G2: an operation whose gate no kind of proof opens would be refused at its effect, whatever was shown."""
    for operation, ways in LEAST.items():
        for gates in ways.values():
            kinds = {kind for gate in gates for kind in ALTERNATIVES.get(gate, (gate,))}
            assert enough(gates, kinds), f"{operation}: name in ALTERNATIVES what opens {gates}"


FINANCE = GroupRule({"reset": (APP, EMAIL_CODE)}, frozenset({"unlock"}), forced_registration=True)
BOARD = GroupRule({"reset": (APP,), "change": (TOTP,)})
RULED = Policy(off={ANONYMOUS: frozenset({"change"})}, groups={"finance": FINANCE, "board": BOARD})


@pytest.mark.parametrize(("operation", "way", "groups", "gates"), [
    ("reset", OWNER, (), (TOTP,)),
    ("reset", OWNER, ("strangers",), (TOTP,)),
    ("reset", OWNER, ("finance",), (APP, EMAIL_CODE)),
    ("reset", OWNER, ("board", "finance"), (APP, EMAIL_CODE)),
    ("change", OWNER, ("board",), (TOTP,)),
    ("unlock", OWNER, ("finance",), None),
    ("unlock", OWNER, ("board",), (TOTP,)),
    ("change", ANONYMOUS, (), None),
    ("fly", OWNER, (), None),
    ("recovery_codes", ANONYMOUS, (), None),
])
def test_what_is_asked_of_an_account(
        operation: str, way: str, groups: tuple[str, ...], gates: tuple[str, ...] | None) -> None:
    assert RULED.gates_for(operation, way, groups) == gates


@pytest.mark.parametrize("groups", [(), ("finance",), ("board",), ("finance", "board")])
def test_a_visitor_is_asked_for_the_same_whatever_the_account(groups: tuple[str, ...]) -> None:
    """E1: the gates that a chat asks for tell nothing of the groups."""
    assert RULED.gates_for("reset", ANONYMOUS, groups) == LEAST["reset"][ANONYMOUS]


def test_who_has_to_register() -> None:
    assert RULED.forces_registration(("finance",))
    assert not RULED.forces_registration(("board",))
    assert not RULED.forces_registration(())
    assert replace(RULED, registration=replace(RULED.registration, forced=True)).forces_registration(())


def test_what_differs_is_named() -> None:
    """Names of values as they stand in the file; the same policy made twice differs in nothing."""
    assert changed(values(RULED), values(RULED)) == []
    later = replace(RULED, reconfirm_days=90, groups={"finance": FINANCE})
    assert set(changed(values(RULED), values(later))) == {
        "reconfirm_days", "groups.board.gates.reset", "groups.board.gates.change", "groups.board.forced_registration"}
    assert changed(values(Policy()), values(replace(Policy(), off={OWNER: frozenset({"reset"})}))) == [
        "teams.gates.reset"]
