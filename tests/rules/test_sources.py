"""IPv6 addresses are counted by their /64, IPv4 addresses by themselves (limits 6 and 7)."""

import pytest

from bot.rules.limits import Limits
from bot.rules.lockout import windows
from bot.rules.sources import neighbourhood


@pytest.mark.parametrize(("address", "counted"), [
    ("203.0.113.7", "203.0.113.7"),
    ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
    ("2001:0DB8:0001:0002:0:0:0:9", "2001:db8:1:2::/64"),
    ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ("fe80::1%eth0", "fe80::/64"),
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("::1", "::/64"),
    ("", ""),
    ("no address", "no address"),
])
def test_neighbourhood(address: str, counted: str) -> None:
    assert neighbourhood(address) == counted


def test_tries_are_counted_for_the_neighbourhood() -> None:
    parts = [{one.parts for one in windows(
        Limits(), challenge="", account="", owner=False, requester="", source=source) if one.whose == "source"}
        for source in ("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1")]
    assert parts[0] == parts[1]
    assert not parts[0] & parts[2]
