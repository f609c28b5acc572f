"""`policy`: what the organisation has decided."""

from pathlib import Path

import click

from bot.making.policy import policy_of
from bot.policy_file import parsed, read
from bot.rules.policy import values
from bot.settings import environment, look


@click.group(name="policy")
def cli() -> None:
    """What the organisation has decided."""


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Every value that FILE would put in force, or what is wrong with it; without FILE, the policy that is set."""
    settings = look(environment()).settings
    policy = parsed(read(file), file, settings.limits, guids=settings.groups_have_guids) if file \
        else policy_of(settings)
    for name, value in values(policy).items():
        click.echo(f"{name}: {value or '(none)'}")
