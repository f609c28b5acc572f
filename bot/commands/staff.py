"""`staff`: the people of IT who may use the admin pages."""

import secrets

import click

from bot.admin import place as admin_place
from bot.commands.staff_desk import StaffDesk, with_staff
from bot.errors import SettingsError
from bot.rules.staff import ROLES, Staff, canonical_staff_name
from bot.verification.totp import new_seed


@click.group(name="staff")
def cli() -> None:
    """Say which members of IT can use the admin pages."""


@cli.command(name="add")
@click.argument("name")
@click.option("--account", required=True, help="ID or user name of the person's own account in the directory.")
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True)
@click.option("--lang", default="nb", show_default=True, help="Language of the person's pages.")
def add_staff(name: str, account: str, role: str, lang: str) -> None:
    """Give somebody access, or a new set-up link. The link is printed, and works once, for 30 minutes.

    Somebody who already has access can sign in as before until they have used the link.
    """

    async def add(desk: StaffDesk) -> str:
        wanted = canonical_staff_name(name)
        if wanted is None:
            raise click.UsageError("a name can have a-z, 0-9 and dots, 64 characters at most")
        person = await desk.directory.read(account) or await desk.directory.find(account)
        if person is None:
            raise SettingsError(f"{account} isn't an account in the directory")
        known = await desk.people.named(wanted)
        staff_id = known.staff.id if known else secrets.token_hex(8)
        one = Staff(staff_id, wanted, person.display_name, lang, role, person.id)
        await desk.staffing.add(one, "cli")
        token = await desk.people.issue_set_up(one.id, new_seed())
        elsewhere = await admin_place.noted(desk.settings.data_dir) if desk.settings.development else ""
        return f"{elsewhere or desk.settings.admin_base_url()}/admin/set-up/{token.reveal()}"

    click.echo(with_staff(add))


@cli.command(name="list")
def list_staff() -> None:
    """List names, roles, accounts, and who has set up their access."""

    async def listed(desk: StaffDesk) -> str:
        return "".join(
            f"{one.staff.name}\t{one.staff.role}\t{one.staff.account_id}\t"
            f"{'ready' if one.password_hash else 'not set up'}\n" for one in await desk.people.all())

    click.echo(with_staff(listed), nl=False)


@cli.command(name="remove")
@click.argument("name")
def remove_staff(name: str) -> None:
    """Remove somebody's access at once, wherever they are signed in."""

    async def remove(desk: StaffDesk) -> str:
        known = await desk.people.named(canonical_staff_name(name) or "")
        if known is None:
            raise SettingsError(f"{name} has no access to the admin pages")
        await desk.staffing.remove(known.staff, "cli")
        return f"{known.staff.name} is removed"

    click.echo(with_staff(remove))
