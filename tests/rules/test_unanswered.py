"""What is kept of a message nobody understood: words that many use, and nothing about anybody (D4)."""

import pytest

from bot.content import load_content
from bot.rules.unanswered import KnownWords, without_people


@pytest.fixture(scope="module")
def known() -> KnownWords:
    return KnownWords.of(load_content().phrases())


@pytest.mark.parametrize(("text", "kept"), [
    ("Hvordan får jeg ny skjerm på kontoret?", "hvordan får jeg ny skjerm på kontoret"),
    ("Teams virker ikke på PC-en min", "teams virker ikke på pc en min"),
    ("hvor er kantinebordet", "hvor er …"),
    ("passordet mitt er skjerm og teams virker ikke", "passordet mitt er …"),
    ("my password was screen. Teams does not work", "my password was … teams does not work"),
    ("passordet er utløpt på skjermen", "passordet er utløpt på skjermen"),
    ("How do I get a new screen?", "how do i get a new screen"),
    ("VPN", "vpn"),
    ("Jeg heter Kari Nordmann og får ikke logget inn", "jeg heter … og får ikke logget inn"),
    ("jeg heter kari nordmann. hvordan bytter jeg skjerm", "jeg heter … hvordan bytter jeg skjerm"),
    ("ring Per Dag på 41 23 45 67 når skjermen virker", "ring … på … når skjermen virker"),
    ("send mail til kari.nordmann@privat.example.no i dag", "send mail til … i dag"),
    ("fødselsnummeret mitt er 010190 12345 hvorfor", "… mitt er … hvorfor"),
    ("my name is John Smith, I need a new screen", "my name … i need a new screen"),
    ("hilsen Ola Hansen", ""),
    ("Hunter2!x Qwerty", ""),
    ("blå bil kjøre fort", ""), ("batteri skjerm dokument nettverk", ""),      # may be a passphrase
    ("", ""), ("12345678", ""), ("🙂", ""), ("\n\n", "")])
def test_what_is_kept(known: KnownWords, text: str, kept: str) -> None:
    assert without_people(text, known) == kept


PEOPLE = ("Per", "Finn", "Hans", "Tom", "Anne", "Peter", "anne", "peter",
          "Kari", "Nordmann", "Ola", "Hansen", "Ingrid", "Olsen", "Fatima", "Ahmed", "Smith", "Emily", "Åse", "Kåre",
          "Bjørn", "Solveig", "kari", "nordmann", "ingrid", "fatima", "emily", "åse", "kåre", "solveig", "susan")


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("text", [
    "{} får ikke logget inn på skjermen", "kan du hjelpe {} med skjermen", "skjermen til {} virker ikke",
    "{}", "the screen of {} does not work", "can {} get a new screen", "skjermen.{}@firma.no virker ikke"])
def test_no_name_is_kept(known: KnownWords, name: str, text: str) -> None:
    """Names of people are in no two of the content's phrases, however they are written."""
    assert name.lower() not in without_people(text.format(name), known).split()


def test_a_bomb_is_read_in_time(known: KnownWords) -> None:
    """N1: only the beginning is looked at, and only so many words are kept."""
    assert len(without_people("hvor er det " * 10_000, known).split()) == 24
    assert without_people("a" * 1_000_000, known) == ""
