"""A small lesson to learn from, and the content's own, learned once for all tests and runs."""

import pytest

from bot.content import Content, load_content
from bot.understanding import Reader, open_reader
from bot.understanding.lesson import Lesson, Phrase
from tests.support.house import CACHE

SMALL = {
    ("nb", "reset_password", "reset"): [
        "glemt passordet", "husker ikke passordet", "nytt passord takk", "passordet er glemt",
    ],
    ("nb", "lost_phone", "lost-phone"): [
        "mistet telefonen", "mobilen er borte", "telefonen er stjålet", "mobilen er mistet",
    ],
    ("nb", "lost_phone", "new-phone"): [
        "har fått ny telefon", "ny mobil i dag", "byttet til ny telefon", "kjøpte ny mobil",
    ],
    ("nb", "password_error", "errors"): [
        "feilmelding sspr_0014", "får en feil", "det står feil kode", "feilmelding igjen",
    ],
    ("nb", "out_of_scope", "out-of-scope"): [
        "været i morgen", "hva er til lunsj", "skriveren er tom", "lunsj i morgen",
    ],
    ("en", "reset_password", "reset"): [
        "forgot my password", "forgot the password", "need a new password", "password forgotten",
    ],
    ("en", "lost_phone", "lost-phone"): [
        "lost my phone", "my phone was stolen", "the phone is gone", "phone lost",
    ],
    ("en", "lost_phone", "new-phone"): [
        "got a new phone", "bought a new phone today", "new phone here", "a new phone",
    ],
    ("en", "password_error", "errors"): [
        "error sspr_0014", "i get an error", "the error is back", "error message",
    ],
    ("en", "out_of_scope", "out-of-scope"): [
        "weather tomorrow", "what is for lunch", "the printer is empty", "lunch tomorrow",
    ],
}


@pytest.fixture(scope="session")
def small_lesson() -> Lesson:
    phrases = tuple(Phrase(*names, text) for names, texts in SMALL.items() for text in texts)
    return Lesson(("nb", "en"), phrases, (("nb", "Du får hjelp her."), ("en", "You get help here.")))


@pytest.fixture(scope="session")
def content() -> Content:
    return load_content()


@pytest.fixture(scope="session")
def reader(content: Content) -> Reader:
    return open_reader(content, CACHE)
