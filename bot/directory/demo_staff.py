"""The demo people of IT: two, so that what needs two persons can be tried (O7); in development mode only."""

import secrets

from bot.clock import Clock
from bot.directory.demo import PEOPLE, random_password
from bot.directory.hashing import PasswordHashes
from bot.pages.demo import DemoStaff
from bot.rules.staff import ADMIN, HELPDESK, Staff
from bot.store.staff import RedisStaff, StaffRecord
from bot.verification.totp import current_code, new_seed

_ROLES = {"mona.ute": ADMIN, "john.smith": HELPDESK}


def _staff(local: str, role: str) -> Staff:
    account = next(one.account for one in PEOPLE if one.account.username.startswith(f"{local}@"))
    return Staff(f"demo-{local}", local, account.display_name, account.language, role, account.id)


STAFF = tuple(_staff(local, role) for local, role in _ROLES.items())


async def seed_staff(people: RedisStaff, hashes: PasswordHashes) -> None:
    """Make those that are missing, with random passwords and seeds."""
    for one in STAFF:
        if await people.read(one.id) is None:
            password = random_password()
            await people.put(StaffRecord(
                one, await hashes.hash(password), new_seed(), secrets.token_hex(8), initial=password))


async def shown_staff(people: RedisStaff, clock: Clock) -> list[DemoStaff]:
    """What the demo desk shows of them, as long as nobody set them up anew."""
    found = [await people.read(one.id) for one in STAFF]
    return [
        DemoStaff(one.staff.name, one.staff.display_name, one.staff.role, one.initial.reveal(),
                  current_code(one.seed, clock.now()))
        for one in found if one is not None and one.initial is not None and one.seed is not None]
