"""`demo`: for trying out."""

import click

from bot.clock import SharedClock
from bot.commands.over_store import with_store
from bot.delivery.mailbox import Mailbox
from bot.directory.demo import PEOPLE
from bot.directory.demo_desk import DemoDesk
from bot.errors import SettingsError
from bot.making.keeping import ring_of
from bot.settings import environment, load
from bot.store.accounts import Accounts
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.staff import RedisStaff


@click.group(name="demo")
def cli() -> None:
    """Try Keyturn out with demo people, in development mode only."""


@cli.command()
@click.argument("user")
def code(user: str) -> None:
    """Print the current code from a demo person's authenticator."""
    settings = load(environment())
    if not settings.development:
        raise SettingsError("demo people exist in development mode only: set KEYTURN_MODE=development")

    async def current(store: Store) -> tuple[str, float] | None:
        ring, clock = ring_of(settings), SharedClock()
        accounts = Accounts(store, ring)
        if await accounts.read(PEOPLE[0].account.id) is None:
            raise SettingsError("there are no demo people yet: they come with the first start (make run)")
        desk = DemoDesk(accounts, SealedEnrolments(store, ring), Mailbox(store, ring, clock), clock,
                        RedisStaff(store, ring, clock))
        return await desk.code(user)

    found = with_store(settings, current)
    if found is None:
        raise SettingsError(f"{user} isn't a demo person with an authenticator")
    click.echo(found[0])
