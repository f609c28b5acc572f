"""`policy`: what the organisation has decided."""

from pathlib import Path

import click

from bot.making.policy import policy_of
from bot.policy_file import parsed, read
from bot.rules.policy import values
from bot.settings import environment, look


@click.group(name="policy")
def cli() -> None:
    """Check the organisation's policy."""


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Print every value that FILE would put in force, or what is wrong with it. Without FILE: the policy in use."""
    settings = look(environment()).settings
    policy = parsed(read(file), file, settings.limits, guids=settings.groups_have_guids) if file \
        else policy_of(settings)
    for name, value in values(policy).items():
        click.echo(f"{name}: {value or '(none)'}")
