"""Keyturn's command line. What the commands do stands in `bot.commands`; what `serve` runs, in `bot.serving`."""

import gc
import signal

_INTERRUPTED = signal.getsignal(signal.SIGINT)

if __name__ == "__main__":
    gc.disable()    # Loading makes hardly any garbage, and looking for it takes a fifth of a start; see `cli`.
    if _INTERRUPTED is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)    # Ctrl-C while modules load ends it without a traceback.

import errno
import os
import sys
from collections import UserDict
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click
import structlog

from bot.content import ContentError
from bot.errors import KeyturnError, SettingsError, StoreUnavailable
from bot.log_stream import losing
from bot.settings import Settings, environment, look

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


class Commands(UserDict[str, Any]):
    """Modules by the name of the command that is their `cli`, loaded when it is asked for: none waits for another's."""

    def __getitem__(self, name: str) -> click.Command:
        command: click.Command = import_module(self.data[name]).cli
        return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, commands=Commands({
    "ask": "bot.commands.ask",
    "audit": "bot.commands.audit",
    "content": "bot.commands.content",
    "demo": "bot.commands.demo",
    "doctor": "bot.commands.doctor",
    "policy": "bot.commands.policy",
    "serve": "bot.serving.serve",
    "settings": "bot.commands.settings",
    "staff": "bot.commands.staff",
    "teams-package": "bot.commands.teams_package",
    "verification": "bot.commands.verification",
}))
def cli() -> None:
    """Keyturn, a password helpdesk bot.

    Exit codes: 0 OK, 1 something is wrong, 2 wrong usage.
    """
    # The command is loaded by now.
    signal.signal(signal.SIGINT, _INTERRUPTED)
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)    # a turn makes hundreds of objects and hardly a cycle; looking took 3 % of it
    gc.enable()
    _log_to_stderr(look(environment()).settings)


def _log_to_stderr(settings: Settings) -> None:
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.development and sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper("iso"), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr), cache_logger_on_first_use=True)


def main() -> None:
    """Run the command line; what the settings or the content get wrong is said in plain lines."""
    # Both are read by people and programs that expect UTF-8, whatever the terminal is set to; half a character
    # in a message comes out as the escape that JSON has for it.
    assert isinstance(sys.stdout, TextIOWrapper)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr = losing(sys.stderr)
    try:
        cli(standalone_mode=True)
    except (SettingsError, ContentError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except StoreUnavailable as error:
        click.echo(f"REDIS_URL: the server there does not answer ({error})", err=True)
        sys.exit(1)
    except KeyturnError as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(1)
    except OSError as error:
        if error.errno not in FULL:
            raise
        click.echo(f"{error.filename or 'what was asked for'} cannot be written: {error.strerror}", err=True)
        os._exit(1)     # or Python would try once more, and say so at length


if __name__ == "__main__":
    main()
