"""`demo`: for trying out."""

import click
import uvloop

from bot.clock import SharedClock
from bot.delivery.mailbox import Mailbox
from bot.directory.demo import PEOPLE
from bot.directory.demo_desk import DemoDesk
from bot.errors import SettingsError
from bot.making.keeping import redis_beside, ring_of
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

    async def current(redis_url: str) -> tuple[str, float] | None:
        store, ring, clock = Store.open(redis_url), ring_of(settings), SharedClock()
        try:
            accounts = Accounts(store, ring)
            if await accounts.read(PEOPLE[0].account.id) is None:
                raise SettingsError("there are no demo people yet: they come with the first start (make run)")
            desk = DemoDesk(accounts, SealedEnrolments(store, ring), Mailbox(store, ring, clock), clock,
                            RedisStaff(store, ring, clock))
            return await desk.code(user)
        finally:
            await store.close()

    with redis_beside(settings) as redis_url:
        found = uvloop.run(current(redis_url))
    if found is None:
        raise SettingsError(f"{user} isn't a demo person with an authenticator")
    click.echo(found[0])
