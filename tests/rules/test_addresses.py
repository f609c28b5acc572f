"""Which private address was meant, and which will not do (N2: it goes into a mail's header)."""

import pytest

from bot.rules.addresses import NoAddress, private_address

ME = "kari.nordmann@example.no"


@pytest.mark.parametrize(("typed", "address"), [
    pytest.param("kari@privat.no", "kari@privat.no", id="alone"),
    pytest.param("den er kari@privat.no, takk", "kari@privat.no", id="in a sentence"),
    pytest.param("<kari@privat.no>", "kari@privat.no", id="in angle brackets"),
    pytest.param("mailto:kari@privat.no", "kari@privat.no", id="as a link"),
    pytest.param("kari@privat.no.", "kari@privat.no", id="at a sentence's end"),
    pytest.param("...kari@privat.no", "kari@privat.no", id="after dots"),
    pytest.param("Kari.N@PRIVAT.No", "Kari.N@privat.no", id="only the domain's case is nothing"),
    pytest.param("kari+jobb@mail.privat.no", "kari+jobb@mail.privat.no", id="plus sign"),
    pytest.param("o'brien@privat.no", "o'brien@privat.no", id="apostrophe"),
    pytest.param("kari@xn--blbr-ooah.no", "kari@xn--blbr-ooah.no", id="a domain in punycode"),
    pytest.param("kari@sub.example.no", "kari@sub.example.no", id="below the work domain is another one"),
    pytest.param(f"{'k' * 64}@privat.no", f"{'k' * 64}@privat.no", id="the longest local part"),
])
def test_an_address_is_found(typed: str, address: str) -> None:
    assert private_address(typed, ME) == address


@pytest.mark.parametrize("typed", [
    pytest.param("", id="nothing"),
    pytest.param("kari", id="no sign"),
    pytest.param("@", id="the sign alone"),
    pytest.param("@privat.no", id="nobody"),
    pytest.param("kari@", id="nowhere"),
    pytest.param("kari@localhost", id="one label"),
    pytest.param("kari@10.0.0.1", id="an address of a machine"),
    pytest.param("kari@[10.0.0.1]", id="a literal"),
    pytest.param("kari@privat.no ola@privat.no", id="two"),
    pytest.param("kari@privat.no,ola@privat.no", id="two in a list"),
    pytest.param("kari@ola@privat.no", id="two signs"),
    pytest.param("kari..n@privat.no", id="two dots"),
    pytest.param("kari@-privat.no", id="a hyphen first"),
    pytest.param("kari@privat..no", id="an empty label"),
    pytest.param('"kari n"@privat.no', id="quoted"),
    pytest.param("kari@privat.no\r\nBcc:ola@privat.no", id="a header"),
    pytest.param("kåre@privat.no", id="a letter beyond ASCII"),
    pytest.param("kari@blåbær.no", id="a domain beyond ASCII"),
    pytest.param("k\u0430ri@privat.no", id="Cyrillic a"),
    pytest.param(f"{'k' * 65}@privat.no", id="too long before the sign"),
    pytest.param(f"kari@{'a' * 64}.no", id="too long a label"),
    pytest.param(f"{'k' * 60}@{'.'.join(['a' * 60] * 4)}.no", id="too long altogether"),
    pytest.param("kari@privat.no" * 400, id="a flood"),
])
def test_what_is_not_clearly_one_address_is_none(typed: str) -> None:
    assert private_address(typed, ME) == NoAddress("unclear")


@pytest.mark.parametrize("typed", ["ola@example.no", "kari.nordmann@EXAMPLE.no"])
def test_a_mailbox_of_the_account_is_behind_the_password(typed: str) -> None:
    assert private_address(typed, ME) == NoAddress("work")
