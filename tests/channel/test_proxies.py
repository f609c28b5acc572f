"""The source address is what our own proxies say, never what the client writes (V5)."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.channel.proxies import TrustedProxies, client_address

INSIDE = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def asked(peer: str, *forwarded: str) -> web.Request:
    request = make_mocked_request("POST", "/", headers=[("X-Forwarded-For",
        one) for one in forwarded])  # type: ignore[arg-type]
    return request.clone(remote=peer)


@pytest.mark.parametrize(("trusted", "peer", "forwarded", "expected"), [
    (0, "192.0.2.1", ["1.1.1.1"], "192.0.2.1"),
    (1, "10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
    (1, "10.0.0.1", ["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
    (1, "10.0.0.1", ["1.1.1.1", "203.0.113.7"], "203.0.113.7"),
    (2, "10.0.0.1", ["1.1.1.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
    (2, "10.0.0.1", ["203.0.113.7"], "10.0.0.1"),
    (1, "10.0.0.1", [], "10.0.0.1"),
    (1, "10.0.0.1", ["unknown"], "10.0.0.1"),
    (1, "10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
    (1, "10.0.0.1", ["[2001:db8::0001]:4711"], "2001:db8::1"),
    (1, "10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
    (INSIDE, "10.0.0.1", ["1.1.1.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
    (INSIDE, "fd00::1", ["203.0.113.7"], "203.0.113.7"),
    (INSIDE, "192.0.2.1", ["1.1.1.1"], "192.0.2.1"),
    (INSIDE, "10.0.0.1", ["1.1.1.1, nonsense"], "10.0.0.1"),
    (INSIDE, "10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
    (1, "", ["203.0.113.7"], "203.0.113.7"),
    (0, "", [], ""),
])
def test_client_address(trusted: TrustedProxies, peer: str, forwarded: list[str], expected: str) -> None:
    assert client_address(asked(peer, *forwarded), trusted) == expected
