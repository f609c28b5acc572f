"""Showing just enough of a user name or an address for its owner to know it again (P3, E3)."""

DOTS = "•••"


def masked_number(number: str) -> str:
    """"+47 12345678" → "+47 •••78"; what has no country before it shows its end alone."""
    country, blank, _ = number.partition(" ")
    digits = [one for one in number if one.isdigit()]
    before = f"{country} " if blank and country[:1] == "+" and country[1:].isdigit() and len(country) <= 5 else ""
    return f"{before}{DOTS}{''.join(digits[-2:])}" if len(digits) > 5 else DOTS


def masked(name: str) -> str:
    """"kari.nordmann@example.no" → "ka•••@example.no"; what is too short shows nothing of itself."""
    local, at, domain = name.partition("@")
    shown = local[:2] if len(local) > 3 else ""
    return f"{shown}{DOTS}{at}{domain}"
