"""Where this service is on the web: the one origin that links, pages and sockets go by (P6)."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Site:
    """The public address, and the values of Host that are ours."""

    base_url: str               # without a slash at the end
    secure: bool
    hosts: frozenset[str]       # as in a Host header, lower case, without the scheme's own port

    @classmethod
    def of(cls, base_url: str, *, also: frozenset[str] = frozenset()) -> Self:
        """`also`: further host names answered to under the same scheme, as `localhost` in development."""
        parts = urlsplit(base_url)
        return cls(
            base_url.rstrip("/"), parts.scheme == "https",
            frozenset(_plain_host(host, parts.scheme) for host in {parts.netloc, *also}))

    @property
    def scheme(self) -> str:
        return "https" if self.secure else "http"

    @property
    def socket_scheme(self) -> str:
        return "wss" if self.secure else "ws"

    def knows_host(self, host: str) -> bool:
        """Whether a request with this Host header was meant for us."""
        return host in self.hosts or _plain_host(host, self.scheme) in self.hosts

    def knows_origin(self, origin: str) -> bool:
        """Whether an Origin header names a page of ours."""
        scheme, separator, host = origin.partition("://")
        return bool(separator) and scheme == self.scheme and self.knows_host(host)


def _plain_host(host: str, scheme: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))
