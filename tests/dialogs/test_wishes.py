"""Which messages are about two things, and what is meant by one that says what is not so."""

import pytest

from dialogs.wishes import wishes
from tests.support.house import content, reader


def asked(text: str) -> list[str]:
    return wishes(content(), reader(), text, reader().read(text))


@pytest.mark.parametrize(("text", "topics"), [
    ("jeg har fått ny telefon. Hva er kravene til passord?", ["lost_phone", "password_rules"]),
    ("jeg har glemt passordet og lurer på hva kravene er", ["reset_password", "password_rules"]),
    ("hvordan bytter jeg passord, og når utløper det?", ["change_password", "password_expired"]),
    ("I need to unlock my account, change my phone number and find out when my password expires",
     ["unlock_account", "register", "password_expired"]),
    ("I forgot my password and I want to know what the password rules are", ["reset_password", "password_rules"]),
])
def test_two_wishes_in_the_order_they_were_written(text: str, topics: list[str]) -> None:
    assert [content().topics[one].label for one in asked(text)] == topics


@pytest.mark.parametrize("text", [
    "jeg har glemt passordet", "hei, og takk for sist. Jeg har glemt passordet", "and", " og ", ".", "og . og ! og",
    "thanks! and what are the password rules?", "I forgot my password. I forgot my password again.",
    "Det var en gang. Det regnet mye. Jeg har glemt passordet. Hva er kravene til passord? Og så gikk vi hjem.",
])
def test_one_wish_is_one(text: str) -> None:
    assert asked(text) == []


@pytest.mark.parametrize(("text", "meant"), [
    ("Jeg har ikke glemt passordet, jeg vil bare bytte det", "change_password"),
    ("I haven't forgotten my password, I just want to change it", "change_password"),
    ("jeg har IKKE glemt passordet", ""), ("I have NOT forgotten my password", ""),
    ("jeg har ikke mistet telefonen", ""),
    ("jeg har glemt passordet", "reset_password"), ("husker ikke passordet", "reset_password"),
    ("my phone does not work and I lost the code", "lost_phone"),
])
def test_what_is_taken_back_is_not_meant(text: str, meant: str) -> None:
    """"" where it has to be asked."""
    reading = reader().read(text)
    assert (reading.topic if reading.sure else "") == meant
