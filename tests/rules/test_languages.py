"""In which of our languages somebody is answered, and written to who can't be asked."""

import pytest

from bot.rules.languages import spoken, written_in

NORDIC = ("nb", "en", "sv")


@pytest.mark.parametrize(("tag", "languages", "chat", "mail"), [
    ("nb-NO", ("nb", "en"), "nb", "nb"), ("nn-NO", ("nb", "en"), "nb", "nb"), ("no", ("nb", "en"), "nb", "nb"),
    ("nn", ("nb", "nn"), "nn", "nn"), ("EN-us", ("nb", "en"), "en", "en"),
    ("sv-SE", ("nb", "en"), "", "nb"), ("sv-SE", NORDIC, "sv", "sv"), ("da", NORDIC, "", "nb"),
    ("fi", ("nb", "en"), "", "en"), ("fi", ("nb", "sv"), "", "nb"), ("", ("nb", "en"), "", "nb"),
    ("-", ("nb", "en"), "", "en"), ("nb_NO", ("nb", "en"), "", "en"), ("no", ("sv", "en"), "", "sv"),
])
def test_the_language_for_a_tag(tag: str, languages: tuple[str, ...], chat: str, mail: str) -> None:
    assert (spoken(tag, languages), written_in(tag, languages)) == (chat, mail)
