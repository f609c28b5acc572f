"""Which addresses replies, and the bot's token, may go to (C3): a list, and nothing else."""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.errors import SettingsError

DEFAULT_HOSTS = ("smba.trafficmanager.net", "*.botframework.com", "*.teams.microsoft.com")

# One shape only, so that no two parsers can read different hosts out of it: no user part, query, fragment,
# backslash, blank or other character that means something to one of them.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?")
_PATTERN = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>\[[0-9a-f:.]+\]|(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?/?")
_LOOPBACK = re.compile(r"localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\]")
_LONGEST = 2048


def loopback(host: str) -> bool:
    """Whether the host names this machine, in full ("127.1" and the like do not)."""
    return _LOOPBACK.fullmatch(host) is not None


class ReplyHosts:
    """Patterns: `host`, `*.suffix`, either with `:port`; https on port 443 unless a port is given.

    Loopback addresses named in full (`127.0.0.1`, `http://localhost:39100`) also allow http, and
    without a port any port. Raises SettingsError for anything else, `http://` elsewhere included.
    """

    def __init__(self, patterns: Iterable[str] = DEFAULT_HOSTS) -> None:
        self._exact: set[tuple[str, str, str]] = set()
        self._suffixes: set[tuple[str, str]] = set()
        for pattern in patterns:
            self._add(pattern.strip().lower())
        self.allows = lru_cache(maxsize=512)(self._allows)

    def _add(self, pattern: str) -> None:
        parts = _PATTERN.fullmatch(pattern)
        if parts is None:
            raise SettingsError(f"not a host to reply to: {pattern!r}")
        scheme, host, port = parts["scheme"], parts["host"], parts["port"]
        local = loopback(host)
        if scheme == "http" and not local:
            raise SettingsError(f"http:// is for loopback addresses named in full only: {pattern!r}")
        if host.startswith("*."):
            self._suffixes.add((host[1:], port or "443"))
            return
        for one in ("https", "http") if local and not scheme else (scheme or "https",):
            self._exact.add((one, host, port or ("*" if local else "443")))

    def _allows(self, url: str) -> bool:
        parts = _URL.fullmatch(url) if len(url) <= _LONGEST else None
        if parts is None:
            return False
        scheme, host = parts["scheme"], parts["host"].lower()
        port = parts["port"] or ("443" if scheme == "https" else "80")
        if (scheme, host, port) in self._exact or (scheme, host, "*") in self._exact:
            return True
        return scheme == "https" and any(
            host.endswith(suffix) and port == wanted for suffix, wanted in self._suffixes)

    def local(self, url: str) -> bool:
        """Whether it is allowed and on this machine: all that development without credentials reaches."""
        parts = _URL.fullmatch(url) if len(url) <= _LONGEST else None
        return parts is not None and loopback(parts["host"].lower()) and self.allows(url)
