"""The life of a case: which steps it allows, and when it is too old."""

from dataclasses import replace

import pytest

from bot.rules.case import Case, Lifetimes, State, expired

LIFETIMES = Lifetimes(flow=900, grant=600)


def a_case(**changes: object) -> Case:
    case = Case(
        id="c", operation="reset", lang="nb", account="a", speaker={}, reference={}, key="k", phrase="to ord",
        gates=("totp", "email_code"), opened_at=1000)
    return replace(case, **changes)     # type: ignore[arg-type]  # tests name the fields they change


def test_gates_are_passed_in_order_and_the_last_one_proves() -> None:
    """Steps cannot be skipped or reordered (I6)."""
    case = a_case()
    with pytest.raises(ValueError, match="email_code"):
        case.passed("email_code", 1100)
    halfway = case.passed("totp", 1100)
    assert (halfway.state, halfway.proofs, halfway.first_proof_at) == (State.OPENED, ("totp",), 1100)
    proven = halfway.passed("email_code", 1200)
    assert (proven.state, proven.proven_at, proven.first_proof_at) == (State.PROVEN, 1200, 1100)
    with pytest.raises(ValueError, match="totp"):
        proven.passed("totp", 1300)


def test_a_case_survives_its_way_through_json() -> None:
    case = a_case().passed("totp", 1100)
    assert Case.from_json(case.to_json()) == case


@pytest.mark.parametrize("spoil", [
    {"state": "happy"}, {"surprise": 1},
], ids=["unknown state", "unknown field"])
def test_what_is_no_case_is_refused(spoil: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Case.from_json(a_case().to_json() | spoil)


@pytest.mark.parametrize(("case", "now", "old"), [
    (a_case(), 1899, False),
    (a_case(), 1900, True),
    (a_case().passed("totp", 1800), 2699, False),
    (a_case().passed("totp", 1800), 2700, True),
    (a_case().passed("totp", 1100).passed("email_code", 1200), 1799, False),
    (a_case().passed("totp", 1100).passed("email_code", 1200), 1800, True),
    (a_case(state=State.CLAIMED), 99999, False),
    (a_case(state=State.DONE), 99999, False),
], ids=[
    "before the first proof, counted from the start", "too old before any proof", "counted from the first proof",
    "too old after the first proof (limit 13)", "a fresh grant", "a grant of ten minutes (limit 14)",
    "what was claimed is settled, not expired", "what is done stays done"])
def test_lifetimes(case: Case, now: float, old: bool) -> None:
    assert expired(case, now, LIFETIMES) is old


def test_only_an_end_closes_a_case() -> None:
    with pytest.raises(ValueError, match="no end"):
        a_case().closed(State.PROVEN, 1)
    assert a_case().closed(State.ENDED, 7, "cancelled").reason == "cancelled"
