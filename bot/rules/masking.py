"""Showing just enough of a user name or an address for its owner to know it again (P3, E3)."""

DOTS = "•••"


def masked(name: str) -> str:
    """"kari.nordmann@example.no" → "ka•••@example.no"; what is too short shows nothing of itself."""
    local, at, domain = name.partition("@")
    shown = local[:2] if len(local) > 3 else ""
    return f"{shown}{DOTS}{at}{domain}"
