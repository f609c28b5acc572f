"""`audit`: the trail, read and checked (U1)."""

import json
import sys
from collections.abc import Awaitable, Callable

import click

from bot.clock import SharedClock
from bot.commands.over_store import with_store
from bot.making.keeping import mark_of, ring_of
from bot.settings import environment, load
from bot.store.audit_trail import RedisAuditTrail
from bot.store.connection import Store


@click.group(name="audit")
def cli() -> None:
    """Read the audit trail."""


@cli.command()
def export() -> None:
    """Print every record as JSON Lines, oldest first."""

    async def print_all(trail: RedisAuditTrail) -> int:
        async for record in trail.export():
            click.echo(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
        return 0

    sys.exit(_with_trail(print_all))


@cli.command()
def verify() -> None:
    """Check that nothing was edited, removed or reordered; otherwise name the first bad record and exit with 1."""

    async def check(trail: RedisAuditTrail) -> int:
        broken = await trail.verify()
        click.echo("the trail is whole" if broken is None else f"record {broken.seq}: {broken.why}")
        return 0 if broken is None else 1

    sys.exit(_with_trail(check))


def _with_trail(work: Callable[[RedisAuditTrail], Awaitable[int]]) -> int:
    settings = load(environment())

    async def inside(store: Store) -> int:
        trail = RedisAuditTrail(store, ring_of(settings), SharedClock(), "cli")
        if mark := mark_of(settings).read():
            trail.remember(mark.head)
        return await work(trail)

    return with_store(settings, inside)
