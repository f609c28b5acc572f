"""`settings`: every setting, and what is wrong with it."""

import sys
from collections.abc import Callable, Iterator

import click

from bot.clock import SharedClock
from bot.delivery.mail import Smtp
from bot.errors import SettingsError
from bot.making.policy import policy_of
from bot.settings import Settings, environment, look
from bot.store.connection import Store
from bot.store.sealed import KeyRing


@click.command(name="settings")
def cli() -> None:
    """List every setting: name, value, default, limit, what it does.

    Secrets, and passwords in addresses, are masked. Problems are listed at the end, on stderr, one line for each,
    and the exit code is then 1.
    """
    found = look(environment())
    for line in found.lines:
        ceiling = f" [{line.ceiling}]" if line.ceiling else ""
        click.echo(f"{line.name}={line.value}  (default: {line.default or 'none'}){ceiling}\n    {line.what}")
    problems = [*found.problems, *_unusable(found.settings)]
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1 if problems else 0)


def _unusable(settings: Settings) -> Iterator[str]:
    """What only those who use a setting can say about it."""
    redis_url, smtp_url = settings.redis_url.get_secret_value(), settings.smtp_url.get_secret_value()
    keys = [one.get_secret_value() for one in settings.secret_keys]
    uses: tuple[Callable[[], object], ...] = (
        lambda: redis_url and Store.open(redis_url),
        lambda: keys and KeyRing.parse(keys),
        lambda: smtp_url and Smtp(smtp_url, settings.mail_from, SharedClock()),
        lambda: policy_of(settings))
    for use in uses:
        try:
            use()
        except SettingsError as error:
            yield str(error)
