"""`verification`: a pause after a loss, seen and ended (F5)."""

import click

from bot.clock import utc
from bot.commands.staff_desk import StaffDesk, with_staff
from bot.rules.helping import clean_reason

_NOBODY_OF_IT = "nobody in IT can sign in until somebody has checked `staff list` and ended the pause"


@click.group(name="verification")
def cli() -> None:
    """See whether people are verified, and end a pause (F5)."""


@cli.command(name="status")
def verification_status() -> None:
    """Show whether verification is paused for all replicas, until when at the latest, and whether IT can sign in."""

    async def told(desk: StaffDesk) -> str:
        until = await desk.trust.held()
        said = "people are verified" if until <= desk.clock.now() else \
            f"paused until {utc(until):%Y-%m-%d %H:%M:%S} UTC at the latest"
        return f"{said}; {_NOBODY_OF_IT}" if await desk.trust.staff_wait() else said

    click.echo(with_staff(told))


@cli.command(name="end")
@click.option("--reason", required=True, help="Why nothing that was lost matters; recorded in the audit trail.")
def end_pause(reason: str) -> None:
    """End the pause after a loss for all replicas, and let IT sign in again.

    The store may have forgotten who was removed, signed out or set up again. So look at `staff list` first, remove
    anyone who shouldn't be there, and add those who have lost a phone or a password again. Replicas notice within 15
    seconds. A pause because the time isn't known continues: nobody can decide what time it is.
    """

    async def ended(desk: StaffDesk) -> str:
        why = clean_reason(reason)
        if not why:
            raise click.UsageError("--reason is empty")
        if await desk.trust.held() <= desk.clock.now() and not await desk.trust.staff_wait():
            return "people are verified: there's no pause to end"
        await desk.ending_pause.end("cli", why)
        return "the pause is over; every replica verifies people again within 15 seconds"

    click.echo(with_staff(ended))
