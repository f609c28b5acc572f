""""This wasn't me": the owner shuts self-service for their account, and the helpdesk is told (O6, O7).

Only a lock is turned, so the owner's word in Teams, or a link from a mail to a registered address, is
enough to do it; nothing but IT opens it again. A visitor of the web chat cannot do it to anybody (V4).
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import structlog

from bot.clock import Clock
from bot.directory.protocol import Account, Applied, Directory
from bot.errors import Conflict, KeyturnError
from bot.journeys.doing import SETTLED_AFTER
from bot.journeys.fetch_a_person import FetchAPerson
from bot.journeys.records import Records
from bot.journeys.settlement import Settlement
from bot.people import MAIL, Speaker
from bot.rules.case import Case, State
from bot.rules.helpdesk import About
from bot.rules.holds import FROZEN, Hold
from bot.store.protocol import AlarmLinks, Cases, Holds, Pending

log = structlog.get_logger(__name__)

OPERATION = "freeze"
BY_LINK = "mail_link"
CALL_SECONDS = 10.0


class Stands(StrEnum):
    """How it stands with an alarm; content `not_me.<value>` and `not_me.with_case.<value>` in
    the chat, `pages.alarm.<value>` on the page."""

    FROZEN = "frozen"       # by this press
    ALREADY = "already"     # before it
    CHECKING = "checking"   # not finished yet; within five minutes (F1)
    UNKNOWN = "unknown"     # there is no such account


@dataclass(frozen=True, slots=True)
class Alarmed:
    """`number`: of the helpdesk case, "" while there is none."""

    stands: Stands
    number: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link shows before it is pressed, or after."""

    account: Account
    lang: str
    alarmed: Alarmed | None     # when there is nothing left to press


@dataclass(frozen=True, slots=True)
class Alarm:
    """Begins, repeats nothing, and tells how it stands. Whatever is not finished here is by the sweeper (F1)."""

    directory: Directory
    cases: Cases
    holds: Holds
    pending: Pending
    settlement: Settlement
    helpdesk: FetchAPerson
    links: AlarmLinks
    clock: Clock

    async def sound(self, speaker: Speaker, lang: str, reference: Mapping[str, Any]) -> Alarmed:
        """By the signed-in owner, about their own account (I7)."""
        if await self.directory.read(speaker.object_id or "") is None:
            return Alarmed(Stands.UNKNOWN)
        if await self._frozen(speaker.object_id or ""):
            return await self._told(Stands.ALREADY, speaker)
        return await self._sound(secrets.token_urlsafe(16), speaker, lang, reference, ())

    async def sounded(self, speaker: Speaker) -> Alarmed | None:
        """How it stands once the speaker's account is frozen, also by a press whose end nobody heard of (F1)."""
        return await self._told(Stands.FROZEN, speaker) if await self._frozen(speaker.object_id or "") else None

    async def look(self, token: str) -> Link | None:
        """Harmless (P2). None for a link that is unknown or over."""
        link = await self.links.read(token)
        account = await self.directory.read(link.account) if link else None
        if link is None or account is None:
            return None
        alarmed = None
        if case := await self.cases.read(_case_of(token)):
            alarmed = await self._first_result(case, account)
        elif link.used:
            # Its request was done, and is gone by now (limit 27): it is not done again.
            alarmed = await self._told(Stands.FROZEN, _by_mail(account, ""))
        elif await self._frozen(account.id):
            alarmed = await self._told(Stands.ALREADY, _by_mail(account, ""))
        return Link(account, link.lang, alarmed)

    async def press(self, token: str, source: str) -> Alarmed | None:
        """The person's own POST; a second one finds the first one's result (P2, F2)."""
        seen = await self.look(token)
        if seen is None or seen.alarmed is not None:
            return seen.alarmed if seen else None
        return await self._sound(_case_of(token), _by_mail(seen.account, source), seen.lang, {}, (BY_LINK,), token)

    async def _sound(self, case_id: str, speaker: Speaker, lang: str, reference: Mapping[str, Any],
                     proofs: tuple[str, ...], token: str = "") -> Alarmed:
        now = self.clock.now()
        # Listed first: whatever happens to this process, it is finished (F1).
        await self.pending.add(case_id, now + SETTLED_AFTER)
        try:
            await self.cases.open(Case(
                id=case_id, operation=OPERATION, lang=lang, account=speaker.object_id or "", speaker=asdict(speaker),
                reference=reference, key=case_id, phrase="", gates=(), proofs=proofs, state=State.CLAIMED,
                opened_at=now, proven_at=now, claimed_at=now))
        except Conflict:
            log.info("alarm_sounds_already", case=case_id)
        if token:
            # Used only once there is a request that is finished whatever happens: no link claims what was never begun.
            await self.links.use(token)
        case = await self.settlement.settle(case_id)
        done = case is not None and case.state is State.DONE
        return await self._told(Stands.FROZEN if done else Stands.CHECKING, speaker)

    async def _first_result(self, case: Case, account: Account) -> Alarmed:
        done = case.state is State.DONE
        return await self._told(Stands.FROZEN if done else Stands.CHECKING, _by_mail(account, ""))

    async def _told(self, stands: Stands, speaker: Speaker) -> Alarmed:
        cases = [one for one in await self.helpdesk.of(speaker) if one.about is About.NOT_ME and not one.closed]
        return Alarmed(stands, cases[0].number if cases else "")

    async def _frozen(self, account_id: str) -> bool:
        return any(one.kind == FROZEN for one in await self.holds.of(account_id))


@dataclass(frozen=True, slots=True)
class Frozen:
    """An Aftermath whose effect is done by whoever asks for it: a lock may be turned again at any time."""

    directory: Directory
    holds: Holds
    helpdesk: FetchAPerson
    records: Records
    clock: Clock

    async def outcome(self, case: Case) -> Applied:
        account = await self.directory.read(case.account)
        if account is None:
            return Applied.NO
        await self.records.intent(case, account.tenant)
        await self.holds.put(Hold(account.id, FROZEN, Speaker(**case.speaker).requester, case.claimed_at))
        return Applied.YES

    async def follow_up(self, case: Case, account: Account) -> None:
        """The helpdesk hears of it, the owner at every address, and all sessions end; once for one freeze."""
        since = next((one.since for one in await self.holds.of(account.id) if one.kind == FROZEN), case.claimed_at)
        once = f"freeze:{account.id}:{since}"
        await self.helpdesk.open(Speaker(**case.speaker), case.lang, case.reference, About.NOT_ME, (), urgent=True,
                                 once=once, limited=False)
        await self.records.tell_owner(account, "frozen", once)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self.directory.revoke_sessions(account.id)
        except (KeyturnError, TimeoutError):
            await self.records.revoked(case, ended=False)
            raise
        await self.records.revoked(case, ended=True)


def _case_of(token: str) -> str:
    """The request of a link: the same one whoever presses, and however often (G3)."""
    return sha256(f"alarm {token}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _by_mail(account: Account, source: str) -> Speaker:
    """Whoever holds a link that only the owner's addresses were sent."""
    return Speaker(channel=MAIL, tenant=account.tenant, conversation="", user=account.id, object_id=account.id,
                   source=source)
