"""The address a request came from, by the word of proxies we run and never of the client (V5)."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
TrustedProxies = int | Sequence[Network]


def client_address(request: web.Request, trusted_proxies: TrustedProxies = 0) -> str:
    """The client's address in canonical form; "" for a Unix socket.

    `trusted_proxies` is how many hops of ours stand in front (each appended one address to
    X-Forwarded-For), or the networks they are in. A header that does not fit is not believed:
    the address is then the peer's.
    """
    peer = _canonical(request.remote or "")
    if not trusted_proxies:
        return peer
    lines = request.headers.getall("X-Forwarded-For", ())
    hops = [_canonical(hop) for line in lines for hop in line.split(",")]
    if isinstance(trusted_proxies, int):
        return (hops[-trusted_proxies] if trusted_proxies <= len(hops) else "") or peer
    return _first_stranger(peer, hops, trusted_proxies)


def _first_stranger(peer: str, hops: list[str], trusted: Sequence[Network]) -> str:
    nearest = peer
    while hops and _within(nearest, trusted):
        further = hops.pop()
        if not further:  # a proxy of ours wrote no address there, so what is left of it may be the client's
            break
        nearest = further
    return nearest


def _within(address: str, networks: Sequence[Network]) -> bool:
    if not address:
        return False
    one = ip_address(address)
    return any(one.version == network.version and one in network for network in networks)


@lru_cache(maxsize=256)    # a line of a header each, at worst
def _canonical(text: str) -> str:
    text = text.strip()
    if text.startswith("["):  # "[2001:db8::1]:443", as some proxies write it
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address: Address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)
