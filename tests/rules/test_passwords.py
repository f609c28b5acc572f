"""New passwords, rule by rule (limit 19, N3, O3, S-090, S-109; facts/password_policy.md §1, §2, §4)."""

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules import banned
from bot.rules.passwords import (
    Broken,
    Kind,
    Owner,
    Policy,
    broken_rules,
    check_password,
    check_rule,
    rules_of,
)

KARI = Owner(names=("Kari", "Nordmann"), username="kari.nordmann@example.no")
NIST = Policy(organisation=("Fjellheim",))
ENTRA = Policy(Kind.ENTRA, shortest=8, organisation=("Fjellheim",), terms=("contoso", "blank", "abcdef"))
GOOD = "blåbær og fløte på terrassen"


def keys(password: str, policy: Policy = NIST, owner: Owner = KARI) -> list[str]:
    return [one.key for one in broken_rules(password, owner, policy)]


@pytest.mark.parametrize("password", [
    pytest.param(GOOD, id="a sentence with æøå and spaces"),
    pytest.param("  leading, trailing too  ", id="outer spaces are part of it (N3)"),
    pytest.param("correcthorsebatterystaple", id="lower case only: no composition rules"),
    pytest.param("Xk9#vQ2$mL7!pR4", id="exactly fifteen"),
    pytest.param("смешной зелёный бегемот", id="Cyrillic"),
    pytest.param("吾輩は猫である名前はまだ無いどこで", id="Japanese"),
    pytest.param("kaffe 🙂 sykkel 🚲 regn", id="emoji"),
    pytest.param('"><script>alert(0)</script>', id="markup"),
    pytest.param("x' OR 1=1; DROP TABLE y", id="SQL"),
    pytest.param("Zq" + "".join(random.Random(1).choices(string.printable[:94], k=254)), id="256 characters"),
])
def test_these_will_do_for_the_embedded_directory(password: str) -> None:
    assert broken_rules(password, KARI, NIST) == ()


@pytest.mark.parametrize(("password", "why"), [
    pytest.param("Xk9#vQ2$mL7!pR", ["too_short"], id="fourteen characters"),
    pytest.param("🙂🚲🍋🎈🦔🌧️🏔️🧦", ["too_short"], id="code points are counted, not bytes"),
    pytest.param(GOOD * 10, ["too_long"], id="more than 256"),
    pytest.param(GOOD + "\n", ["unprintable"], id="line feed"),
    pytest.param(GOOD + "\x00", ["unprintable"], id="NUL"),
    pytest.param(GOOD + "\x7f", ["unprintable"], id="delete"),
    pytest.param(GOOD + "\u200b", ["unprintable"], id="zero-width space"),
    pytest.param(GOOD + "\u202e", ["unprintable"], id="right-to-left override"),
    pytest.param(GOOD + "\u00ad", ["unprintable"], id="soft hyphen"),
    pytest.param(GOOD + "\ue000", ["unprintable"], id="private use"),
    pytest.param(GOOD + "\u0378", ["unprintable"], id="unassigned"),
    pytest.param(GOOD + "\ud800", ["unprintable"], id="half a character"),
    pytest.param(GOOD + "\u1680", ["unprintable"], id="a space nobody sees"),
    pytest.param(GOOD + "e\u0301", ["ambiguous"], id="decomposed é (NFC)"),
    pytest.param("bla\u030abær og fløte på terrassen", ["ambiguous"], id="decomposed å (NFC)"),
    pytest.param(GOOD + "\u212b", ["ambiguous"], id="Ångström sign"),
    pytest.param(GOOD + "\u00a0", ["ambiguous"], id="no-break space (NFKC)"),
    pytest.param(GOOD + "\ufb01", ["ambiguous"], id="fi ligature (NFKC)"),
    pytest.param(GOOD + "\uff41", ["ambiguous"], id="full-width letter (NFKC)"),
    pytest.param("min katt er KARI sin venn", ["contains_name"], id="first name, any case"),
    pytest.param("ingen n0rdm@nn skal vite det", ["contains_name"], id="last name behind look-alikes"),
    pytest.param("solskinn på fjellheim i går", ["contains_name"], id="the organisation"),
    pytest.param("keyturn er et rart ord da", ["contains_name"], id="the bot's own name"),
    pytest.param("et eksemplar: example er her", ["contains_name"], id="the domain"),
    pytest.param("passordpassord1", ["too_easy"], id="Norwegian common words"),
    pytest.param("p4ss0rdp4ss0rd!", ["too_easy"], id="common words behind look-alikes"),
    pytest.param("drowssapdrowssap", ["too_easy"], id="backwards"),
    pytest.param("Sommer2026Sommer2026", ["too_easy"], id="season and year, twice"),
    pytest.param("123456789012345", ["too_easy"], id="digits in order"),
    pytest.param("qwertyuiopasdfgh", ["too_easy"], id="keyboard rows"),
    pytest.param("a" * 40, ["too_easy"], id="one letter"),
    pytest.param("abcabcabcabcabcabc", ["too_easy"], id="a short unit again and again"),
    pytest.param("İ" * 20, ["too_easy"], id="a letter whose lower case is two"),
])
def test_what_will_not_do_is_refused_with_the_reason(password: str, why: list[str]) -> None:
    assert why == keys(password)


@pytest.mark.parametrize(("password", "why"), [
    pytest.param("Zx4 kvern", [], id="eight or more, three kinds, blank allowed"),
    pytest.param("contosobLankf9!", [], id="five points (§2)"),
    pytest.param("ContoS0Bl@nkf9!", [], id="five points behind look-alikes (§2)"),
    pytest.param("C0ntos0Blank12", ["too_easy"], id="four points (§2)"),
    pytest.param("p0LL23fb", ["contains_name"], id="first name behind look-alikes (§2)"),
    pytest.param("Bl@nK", ["too_short", "too_easy"], id="equals a term (§2)"),
    pytest.param("abcdeg", ["too_short", "categories", "too_easy"], id="one edit from a term (§2)"),
    pytest.param("abcdefg", ["too_short", "categories", "too_easy"], id="one more than a term (§2)"),
    pytest.param("abcde", ["too_short", "categories", "too_easy"], id="one less than a term (§2)"),
    pytest.param("Zx4#kv9", ["too_short"], id="seven characters"),
    pytest.param("Zx4#" * 65, ["too_long"], id="more than 256"),
    pytest.param("Zx4#kværn", ["characters"], id="æ is not a character of Entra's"),
    pytest.param("Zx4#kvern\t", ["characters"], id="tab"),
    pytest.param("zx4kvernhus", ["categories"], id="two kinds"),
    pytest.param("ZX4KVERNHUS", ["categories"], id="two other kinds"),
    pytest.param("Fjellheim-9xq", ["contains_name"], id="the organisation"),
    pytest.param("Passord1", ["too_easy"], id="one edit from a common word"),
])
def test_the_rules_of_entra(password: str, why: list[str]) -> None:
    assert why == keys(password, ENTRA, Owner(names=("Poll",), username="pollux@example.no"))


@pytest.mark.parametrize(("one", "other", "near"), [
    ("blank", "blank", True), ("blonk", "blank", True), ("blan", "blank", True), ("lank", "blank", True),
    ("blanks", "blank", True), ("xblank", "blank", True), ("blaank", "blank", True),
    ("blanksx", "blank", False), ("lbank", "blank", False), ("bla", "blank", False), ("", "ab", False),
])
def test_one_edit_is_one_insertion_deletion_or_substitution(one: str, other: str, near: bool) -> None:
    assert near is banned.within_one_edit(one, other) is banned.within_one_edit(other, one)


def test_overlapping_terms_count_in_the_cheapest_reading() -> None:
    """"abcd" and "cdefgh": taking the second leaves two characters, which is cheaper."""
    assert banned.points("abcdefgh", ["abcd", "cdefgh"]) == 3


@pytest.mark.parametrize("name", ["Per", "Ola", "Bo", ""])
def test_short_names_are_not_looked_for(name: str) -> None:
    """Three letters stand in too many good passwords."""
    assert keys("superman kjøper en gitar i Bodø og Molde", owner=Owner((name,), f"{name}@x.no")) == []


def test_compound_names_count_in_parts_and_as_a_whole() -> None:
    owner = Owner(("Anne-Marie", "van den Berg"), "amberg@example.no")
    assert keys("sangen om marie og havet", owner=owner) == ["contains_name"]
    assert keys("langt under isberget et sted", owner=owner) == ["contains_name"]


def test_every_rule_can_be_asked_alone_and_the_checklist_is_all_of_them() -> None:
    for policy in (NIST, ENTRA):
        listed = check_password("Zx4#kv9", KARI, policy)
        assert rules_of(policy) == tuple(one.key for one in listed)
        assert listed == tuple(check_rule(key, "Zx4#kv9", KARI, policy) for key in rules_of(policy))


def test_a_broken_rule_names_its_numbers() -> None:
    assert broken_rules("Xk9#vQ2$mL7!pR", KARI, NIST) == (Broken("too_short", {"length": "15"}),)
    assert broken_rules(GOOD * 10, KARI, NIST) == (Broken("too_long", {"length": "256"}),)


def test_before_anything_is_typed_no_rule_is_kept() -> None:
    for policy in (NIST, ENTRA):
        assert not any(one.kept for one in check_password("", KARI, policy))


@given(st.text(max_size=300))
def test_whatever_is_typed_gets_an_answer_that_does_not_repeat_it(password: str) -> None:
    """D3: facts carry the policy's numbers only."""
    for policy in (NIST, ENTRA):
        for one in broken_rules(password, KARI, policy):
            assert set(one.facts.values()) <= {"8", "15", "256"}


@pytest.mark.parametrize("password", [
    pytest.param("4@8({[<369!1|70$5+%2" * 12, id="every look-alike: 27 s in zxcvbn itself"),
    pytest.param("i" * 256, id="Roman numbers"),
    pytest.param("01" * 128, id="dates everywhere"),
    pytest.param("".join(random.Random(2).choices("01", k=256)), id="zeros and ones"),
    pytest.param("".join(random.Random(3).choices(string.printable[:94], k=256)), id="random"),
    pytest.param("aA1!" * 64, id="repeats"),
    pytest.param("passord" * 36, id="words"),
])
def test_no_input_makes_the_check_slow(password: str) -> None:
    """N1: 50 ms of work at most; the best of five, since other processes share this machine."""
    took = []
    for _ in range(5):
        begun = time.thread_time()
        broken_rules(password, KARI, NIST)
        took.append(time.thread_time() - begun)
    assert min(took) < 0.05
