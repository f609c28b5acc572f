"""Passwords written into the chat are noticed, ordinary sentences are not (D4)."""

import pytest

from bot.rules.volunteered import holds_password


@pytest.mark.parametrize("text", [
    "passordet mitt er Sommer2026!",
    "Passord: hunter22",
    "my password is Winter#2025 and it does not work",
    "pwd=abc123!x",
    "the password was «Elgen7dans»",
    "Tr0ub4dor&3x!",
    "  S3kret!passord  ",
])
def test_a_password_is_noticed(text: str) -> None:
    assert holds_password(text)


@pytest.mark.parametrize("text", [
    "passordet mitt er utløpt",
    "passordet mitt er glemt!",
    "my password is expired",
    "the password is wrong, what now?",
    "password: how do I change it",
    "passordet er feil 3 ganger",
    "kari.nordmann@example.no",
    "Kari.Nordmann1",
    "AADSTS50126",
    "SSPR_0014",
    "0000052D",
    "123 456",
    "https://aka.ms/sspr?mkt=nb-NO",
    "hva er kravene til passord?",
    "",
    "passord er " * 2000,
])
def test_an_ordinary_message_is_not(text: str) -> None:
    assert not holds_password(text)
