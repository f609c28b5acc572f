"""What the demo desk shows of the demo people: phone, paper, mailboxes, a password still unchanged."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.clock import Clock
from bot.delivery.mailbox import Mailbox
from bot.directory import demo
from bot.directory.demo_staff import shown_staff
from bot.pages.demo import DemoCode, DemoMail, DemoPerson, DemoStaff
from bot.rules.registered import EMAIL_CODE, TOTP
from bot.store.accounts import Accounts
from bot.store.protocol import Cases, Enrolments
from bot.store.staff import RedisStaff
from bot.verification.totp import current_code, seconds_left


@dataclass(frozen=True, slots=True)
class DemoDesk:
    """bot.pages.demo.Desk, over the real store."""

    accounts: Accounts
    enrolments: Enrolments
    mailbox: Mailbox
    clock: Clock
    it: RedisStaff
    helpdesk: str = ""      # the address that hears of helpdesk cases; the administrator reads its mail, too
    cases: Cases | None = None

    async def staff(self) -> Sequence[DemoStaff]:
        return await shown_staff(self.it, self.clock)

    async def people(self) -> Sequence[DemoPerson]:
        return [await self._shown(one) for one in demo.PEOPLE]

    async def code(self, username: str) -> tuple[str, float] | None:
        """The code and the seconds it has left, by user name or its local part."""
        person = _named(username)
        apps = (await self.enrolments.read(person.account.id)).of_kind(TOTP) if person else ()
        if not apps or apps[0].seed is None:
            return None
        now = self.clock.now()
        return current_code(apps[0].seed, now), seconds_left(now)

    async def recovery_codes(self, username: str) -> Sequence[DemoCode]:
        """Those on the paper, as long as no newer ones were made."""
        person = _named(username)
        if person is None:
            return []
        recovery = (await self.enrolments.read(person.account.id)).recovery
        codes = await self.accounts.kept_codes(person.account.id, recovery.id) if recovery else ()
        if recovery is None or not codes:
            return []
        spent = await self.enrolments.spent_codes(recovery.id)
        return [DemoCode(code.reveal(), made in spent) for code, made in zip(codes, recovery.hashes, strict=True)]

    async def mails(self, username: str) -> Sequence[DemoMail]:
        """Private address and work address together, newest first."""
        person = _named(username)
        if person is None:
            return []
        account_id = person.account.id
        enrolled = (await self.enrolments.read(account_id)).of_kind(EMAIL_CODE)
        # Also the mailbox of an address that is only being registered: its owner has to read the code.
        planned = [one.plan.get("address", "") for one in await self.cases.others_of(account_id, but="")] \
            if self.cases else []
        addresses = dict.fromkeys((
            person.mail, person.account.username, *(one.address for one in enrolled), *filter(None, planned),
            *((self.helpdesk,) if person.account.protected else ())))
        found = [DemoMail(one.at, address, one.subject, one.body)
                 for address in addresses for one in await self.mailbox.read(address)]
        return sorted(found, key=lambda mail: mail.at, reverse=True)

    async def _shown(self, person: demo.DemoPerson) -> DemoPerson:
        account = person.account
        initial = await self.accounts.initial_password(account.id)
        return DemoPerson(account.id, account.display_name, account.username, account.language, _note(person),
                          initial.reveal() if initial else None)


def _note(person: demo.DemoPerson) -> str:
    """What is special about a demo person: the key below `demo.note`."""
    account = person.account
    states = {"guest": account.guest, "administrator": account.protected, "locked": account.locked,
              "disabled": not account.enabled, "expired": account.password_expired,
              "unregistered": not person.registered}
    return next((key for key, holds in states.items() if holds), "registered")


def _named(username: str) -> demo.DemoPerson | None:
    wanted = username.partition("@")[0].casefold()
    return next((one for one in demo.PEOPLE if one.account.username.partition("@")[0] == wanted), None)


