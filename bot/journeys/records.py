"""What a journey leaves behind: audit records of every step, and notices to the account's owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.clock import Clock
from bot.delivery.protocol import Mail, Outbox
from bot.directory.protocol import Account, Directory
from bot.journeys.aside import Aside
from bot.people import WEB_CHAT, Speaker
from bot.rules.case import Case
from bot.rules.registered import EMAIL_CODE
from bot.rules.sources import neighbourhood
from bot.store.protocol import AlarmLinks, AuditTrail, Enrolments, Exhausted, Refusals

log = structlog.get_logger(__name__)

REFUSALS_SECONDS = 300
NOTHING_TO_SHUT = frozenset({"frozen"})
"""Notices without a link to say "this wasn't me"."""


@dataclass(frozen=True, slots=True)
class Records:
    """Audit first (U1); a notice is queued, never waited for (F8, limit 20).

    Before anybody is proven the store is asked as often for every account: what more there is to
    record about some of them is recorded aside (E2).
    """

    audit: AuditTrail
    outbox: Outbox
    directory: Directory
    enrolments: Enrolments
    clock: Clock
    refusals: Refusals
    links: AlarmLinks
    base_url: str
    aside: Aside = field(default_factory=Aside)

    async def opened(self, case: Case, account: Account | None) -> None:
        await self._maybe_refused(
            self._said(case, "opened", tenant=account.tenant if account else "",
                       outcome="refused" if case.blocked else "ok", reason=case.blocked),
            refused=bool(case.blocked))
        if account is not None and account.protected:
            # Whatever else stands in the way of it (I8).
            log.warning("protected_account_attempt", case=case.id, reason="protected")
            said = self._said(case, "alert", outcome="refused", reason="protected")
            await self.aside.later(lambda: self._maybe_refused(said, refused=True))

    async def wrong(self, case: Case) -> None:
        await self._of(case, "proof", outcome="wrong", reason=case.next_gate)

    async def proven(self, case: Case) -> None:
        await self._of(case, "proof", outcome="ok", reason=case.proofs[-1])

    async def ended(self, case: Case) -> None:
        await self._maybe_refused(
            self._said(case, "ended", outcome="not_done", reason=case.reason),
            refused=bool(case.blocked and not case.proofs), once=f"{case.key}:ended")

    async def limited(self, operation: str, speaker: Speaker, target: str, by: Exhausted) -> None:
        """A limit said no before there was anything to do."""
        said = {
            "event": f"{operation}.limited", "actor": speaker.requester, "tenant": speaker.tenant,
            "target": target, "operation": operation, "outcome": "refused", "reason": f"{by.whose}_paused",
            "source": speaker.source, "correlation": speaker.conversation}
        await self._maybe_refused(said, refused=True)
        if by.whose == "global":
            # Everybody is held up: once in each of its windows that is an alarm (limit 8).
            log.error("guessing_storm", operation=operation, until=by.until)
            await self.audit.append({**said, "event": f"{operation}.alarm"}, f"global:{int(by.until // 300)}")

    async def intent(self, case: Case, tenant: str) -> None:
        """Written before the effect; without it there is none (U1)."""
        await self._of(case, "intent", tenant=tenant, outcome="pending", once=f"{case.key}:intent")

    async def outcome(self, case: Case, tenant: str) -> None:
        """Written once, whoever finds out first (F1)."""
        await self._of(case, "outcome", tenant=tenant, outcome=case.state.value, reason=case.reason,
                       once=f"{case.key}:outcome")

    async def not_taken(self, case: Case, broken: Sequence[str]) -> None:
        """Nothing happened, and the page asks again (F7)."""
        await self._of(case, "not_taken", outcome="not_done", reason=",".join(broken))

    async def refused(self, operation: str, speaker: Speaker, target: str, reason: str) -> None:
        """The signed-in owner was told before the first proof that it cannot be done."""
        said = {
            "event": f"{operation}.refused", "actor": speaker.requester, "tenant": speaker.tenant,
            "target": target, "operation": operation, "outcome": "refused", "reason": reason,
            "source": speaker.source, "correlation": speaker.conversation}
        await self._maybe_refused(said, refused=True)
        if reason == "protected":
            log.warning("protected_account_attempt", reason=reason)
            await self.audit.append({**said, "event": f"{operation}.alert"})

    async def recovery_code_used(self, case: Case) -> None:
        """The owner hears of every code that is spent (O6)."""
        account = await self.directory.read(case.account)
        if account is not None:
            await self.tell_owner(account, "recovery_code_used", f"{case.id}:recovery:{len(case.proofs)}")

    async def revoked(self, case: Case, ended: bool) -> None:
        outcome = "done" if ended else "failed"
        await self._of(case, "sessions_ended", outcome=outcome, once=f"{case.key}:revoked:{outcome}")

    async def alert(self, case: Case, reason: str) -> None:
        """Somebody tries an account that is never served (I8)."""
        log.warning("protected_account_attempt", case=case.id, reason=reason)
        await self.aside.later(
            lambda: self._of(case, "alert", outcome="refused", reason=reason, once=f"{case.key}:alert"))

    async def paused(self, case: Case, until: float) -> None:
        """Proofs for the account are refused for a while: recorded once a pause, and the owner is told (O6)."""
        await self.aside.later(lambda: self._paused(case, f"{case.account}:paused:{int(until // 900)}"))

    async def _paused(self, case: Case, once: str) -> None:
        await self._of(case, "paused", outcome="refused", reason="account_paused", once=once)
        account = await self.directory.read(case.account)
        if account is not None:
            await self.tell_owner(account, "paused", once)

    async def tell_owner(self, account: Account, key: str, once: str, also: Sequence[str] = ()) -> None:
        """Queue one notice to every address of the owner, those of the directory and those registered here (O6, A3).

        `also` to these, which may be registered no more. Each has a link of its own to say "this wasn't me".
        """
        here = (await self.enrolments.read(account.id)).of_kind(EMAIL_CODE)
        facts = {"account": account.username, "at": str(int(self.clock.now()))}
        for address in dict.fromkeys((*account.notice_addresses, *(one.address for one in here), *also)):
            if key not in NOTHING_TO_SHUT:
                facts["link"] = f"{self.base_url}/alarm/{await self.links.issue(account.id, account.language)}"
            await self.outbox.put(Mail(address, account.language, key, dict(facts)), f"{once}:{address}")

    async def tell_by_mail(self, account_id: str, key: str, facts: Mapping[str, str], once: str) -> None:
        """What could not be told in a chat; nothing for a visitor, who has no address of their own.

        Queued before this returns: what an errand tells so is told although this process dies (F1, F13).
        """
        account = await self.directory.read(account_id) if account_id else None
        if account is None:
            return
        for address in account.notice_addresses:
            await self.outbox.put(Mail(address, account.language, key, facts), f"{once}:{address}")

    async def _maybe_refused(self, said: Mapping[str, Any], *, refused: bool, once: str = "") -> None:
        """Record it; of refusals the first of its kind in a while, then the tenth, the hundredth ...: they are free.

        Alike are those for one address, or for one person where the address is the channel's, whoever of
        its visitors they came from: a new conversation makes a new visitor. What is no refusal is counted
        all the same, so that it costs as much (E2).
        """
        who = neighbourhood(said["source"]) if said["actor"].startswith(f"{WEB_CHAT}:") else said["actor"]
        about = " ".join((who, said["event"], said["target"], said["reason"]))
        window = int(self.clock.now() // REFUSALS_SECONDS)
        power = len(str(await self.refusals.count(about, window, REFUSALS_SECONDS))) - 1
        if not refused:
            await self.audit.append(said, once)
            return
        reason = f"{said['reason']}, {10 ** power} times" if power else said["reason"]
        await self.audit.append({**said, "reason": reason}, f"refused:{about}:{window}:{power}")

    async def _of(self, case: Case, event: str, once: str = "", tenant: str = "", **fields: Any) -> None:
        await self.audit.append(self._said(case, event, tenant, **fields), once)

    @staticmethod
    def _said(case: Case, event: str, tenant: str = "", **fields: Any) -> dict[str, Any]:
        speaker = case.speaker
        return {
            "event": f"{case.operation}.{event}",
            "actor": Speaker(**speaker).requester,
            "tenant": tenant or speaker["tenant"], "target": case.account, "operation": case.operation,
            "proofs": list(case.proofs), "source": speaker["source"], "correlation": case.id,
            "key": case.key, **fields}
