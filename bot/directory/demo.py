"""The demo people of development mode: one for each thing that can be true of an account (design §4)."""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Account
from bot.errors import Conflict
from bot.rules.registered import EMAIL_CODE, NOTHING, TOTP, Enrolment, Method
from bot.secret import Secret
from bot.store.accounts import Accounts
from bot.store.protocol import Enrolments
from bot.verification.recovery_code import new_codes
from bot.verification.totp import new_seed

DOMAIN = "example.no"
TENANT = "00000000-0000-0000-0000-000000000100"

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"    # None that looks like another.


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """`mail`: the private address; registered with it and an authenticator, or with nothing. `codes`: on paper, too."""

    account: Account
    mail: str
    registered: bool
    codes: bool


def _person(
    number: int, local: str, given: str, family: str, lang: str = "nb", *,
    registered: bool = True, codes: bool = False, groups: tuple[str, ...] = ("employees",), **flags: Any,
) -> DemoPerson:
    mail = f"{local.partition('.')[0]}@privat.{DOMAIN}"
    username = f"{local}@{DOMAIN}"
    account = Account(
        f"00000000-0000-0000-0000-0000000000{number:02}", TENANT, username, f"{given} {family}",
        (given, family), lang, notice_addresses=(username,), groups=groups, **flags)
    return DemoPerson(account, mail, registered, codes)


PEOPLE = (
    _person(1, "kari.nordmann", "Kari", "Nordmann", codes=True),
    _person(2, "john.smith", "John", "Smith", "en", codes=True, groups=("employees", "finance")),
    _person(3, "ola.hansen", "Ola", "Hansen", registered=False),
    _person(4, "ingrid.admin", "Ingrid", "Admin", protected=True),
    _person(5, "per.laast", "Per", "Låst", locked=True),
    _person(6, "eva.sluttet", "Eva", "Sluttet", enabled=False),
    _person(7, "mona.ute", "Mona", "Ute", password_expired=True),
    _person(8, "guest.partner", "Guest", "Partner", "en", registered=False, groups=(), guest=True),
)


async def seed(accounts: Accounts, enrolments: Enrolments, hashes: PasswordHashes, now: float) -> None:
    """Make the demo people that are missing; whatever has changed since stays as it is.

    Passwords, seeds and codes are random for every installation: there is no default password (ASVS 6.3.2).
    """
    for person in PEOPLE:
        account = person.account
        if await accounts.read(account.id) is None:
            password = random_password()
            await accounts.create(account, await hashes.hash(password), initial=password)
        if person.registered and await enrolments.read(account.id) == NOTHING:
            enrolment = registered_since(now, person.mail)
            if person.codes:
                recovery, shown = await new_codes(now, backed=True)
                # Kept before they are in force: a start that is cut short leaves none that nobody can read.
                await accounts.keep_codes(account.id, recovery.id, shown)
                enrolment = replace(enrolment, recovery=recovery)
            with suppress(Conflict):    # another process that is started beside us was quicker
                await enrolments.change(account.id, enrolment)


def registered_since(now: float, mail: str, seed: Secret | None = None) -> Enrolment:
    """An authenticator app and a private address that count at once."""
    app = Method(secrets.token_hex(8), TOTP, "", now, backed=True, seed=seed or new_seed())
    return Enrolment((app, Method(secrets.token_hex(8), EMAIL_CODE, "", now, backed=True, address=mail)),
                     confirmed_at=now)


def random_password() -> Secret:
    """Four groups of five characters that can be typed from a screen: about 99 bits."""
    return Secret("-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4)))
