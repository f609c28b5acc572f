"""Addresses to listen on, looked at before anything slow begins."""

import errno
import os
import socket

from bot.errors import SettingsError

_SAID_AT_ONCE = frozenset({errno.EADDRINUSE, errno.EACCES})


def cannot_listen(setting: str, host: str, port: int, error: OSError) -> SettingsError:
    """`setting` is the name of the one that gives the port."""
    # What uvloop says of a failure names the address once more.
    why = os.strerror(error.errno) if error.errno and error.errno > 0 else error
    return SettingsError(f"{setting}: cannot listen on {host}:{port}: {why}")


def look_ahead(setting: str, host: str, port: int) -> None:
    """Raises SettingsError where another program listens, or we may not: else it were said after minutes of learning.

    All other trouble, and whoever takes the address in between, is met when we listen.
    """
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _name, address in places:
            with socket.socket(family, kind, protocol) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)   # as a server does
                one.bind(address)
    except OSError as error:
        if error.errno in _SAID_AT_ONCE:
            raise cannot_listen(setting, host, port, error) from error
