"""Whom an address stands for when tries and requests are counted (limits 6 and 7, V5)."""

from ipaddress import IPv6Address, ip_address


def neighbourhood(address: str) -> str:
    """An IPv4 address itself; the /64 an IPv6 address is in, as every host there may pick new ones at will.

    An IPv4 address written as IPv6 (::ffff:a.b.c.d) is the IPv4 one. What is no address stays as it is.
    """
    try:
        one = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(one, IPv6Address):
        return str(one)
    if one.ipv4_mapped:
        return str(one.ipv4_mapped)
    return f"{IPv6Address(int(one) >> 64 << 64)}/64"
