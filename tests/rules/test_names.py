"""A typed name selects an account exactly, or nobody (I7, S-030, S-032)."""

import pytest

from bot.rules.names import canonical_name, local_part


@pytest.mark.parametrize(("typed", "name"), [
    pytest.param("kari.nordmann@example.no", "kari.nordmann@example.no", id="address"),
    pytest.param(" Kari.Nordmann@EXAMPLE.no \n", "kari.nordmann@example.no", id="ASCII case and outer space"),
    pytest.param("kari.nordmann", "kari.nordmann", id="local part"),
    pytest.param("o'brien_2-x!#^~", "o'brien_2-x!#^~", id="every sign a user name may have"),
])
def test_a_user_name_is_put_in_lower_case(typed: str, name: str) -> None:
    assert name == canonical_name(typed)


@pytest.mark.parametrize("typed", [
    pytest.param("", id="nothing"),
    pytest.param("   ", id="blank"),
    pytest.param("kari nordmann", id="display name"),
    pytest.param("kari.nordmann@example.no; ola.hansen@example.no", id="semicolon list"),
    pytest.param("kari.nordmann,ola.hansen", id="comma list"),
    pytest.param("kari.nordmann@example.no ola.hansen@example.no", id="two names"),
    pytest.param("kari.nordmann@example.no\nola.hansen", id="two lines"),
    pytest.param("kari.*", id="star"),
    pytest.param("kari.nordman?", id="question mark"),
    pytest.param("kari%", id="SQL wildcard"),
    pytest.param("*)(uid=*", id="LDAP filter"),
    pytest.param("' or 1 eq 1", id="OData"),
    pytest.param("kаri.nordmann", id="Cyrillic a"),
    pytest.param("\uff4bari.nordmann", id="full width"),
    pytest.param("\u212aari.nordmann", id="Kelvin sign folds to k"),
    pytest.param("kari.nordmann@example.no\u200b", id="zero-width space"),
    pytest.param("kari\u00adnordmann", id="soft hyphen"),
    pytest.param("ſander", id="long s"),
    pytest.param("kåre.nordmann", id="a letter no user name has"),
    pytest.param("kari@nordmann@example.no", id="two at signs"),
    pytest.param("kari.@example.no", id="dot before the at sign"),
    pytest.param(".kari@example.no", id="dot first"),
    pytest.param("kari..n@example.no", id="two dots"),
    pytest.param("@example.no", id="no local part"),
    pytest.param("kari@", id="no domain"),
    pytest.param("kari@example", id="no dot in the domain"),
    pytest.param("kari@-example.no", id="hyphen first in the domain"),
    pytest.param("<kari@example.no>", id="angle brackets"),
    pytest.param("a" * 65, id="65 before the at sign"),
    pytest.param("a@" + "b" * 46 + ".no", id="49 after the at sign"),
    pytest.param("kari\x00", id="NUL"),
])
def test_whatever_no_user_name_can_be_selects_nobody(typed: str) -> None:
    assert canonical_name(typed) is None


def test_the_local_part_is_what_stands_before_the_at_sign() -> None:
    assert local_part("kari@example.no") == "kari"
    assert local_part("kari") == "kari"
