"""What a journey leaves behind: audit records of every step, and notices to the account's owner."""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.clock import Clock, utc
from bot.delivery.protocol import Mail, Outbox
from bot.directory.protocol import Account, Directory
from bot.people import Speaker
from bot.rules.case import Case
from bot.store.protocol import AuditTrail, Exhausted

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Records:
    """Audit first (U1); a notice is queued, never waited for (F8, limit 20)."""

    audit: AuditTrail
    outbox: Outbox
    directory: Directory
    clock: Clock

    async def opened(self, case: Case, account: Account | None) -> None:
        await self._of(case, "opened", tenant=account.tenant if account else "",
                       outcome="refused" if case.blocked else "ok", reason=case.blocked)
        if account is not None and account.protected:
            # Whatever else stands in the way of it (I8).
            await self.alert(case, "protected")

    async def wrong(self, case: Case) -> None:
        await self._of(case, "proof", outcome="wrong", reason=case.next_gate)

    async def proven(self, case: Case) -> None:
        await self._of(case, "proof", outcome="ok", reason=case.proofs[-1])

    async def ended(self, case: Case) -> None:
        await self._of(case, "ended", outcome="not_done", reason=case.reason)

    async def limited(self, operation: str, speaker: Speaker, target: str, by: Exhausted) -> None:
        """A limit said no before there was anything to do."""
        said = {
            "event": f"{operation}.limited", "actor": speaker.requester, "tenant": speaker.tenant,
            "target": target, "operation": operation, "outcome": "refused", "reason": f"{by.whose}_paused",
            "source": speaker.source, "correlation": speaker.conversation}
        await self.audit.append(said)
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

    async def refused_by_directory(self, case: Case) -> None:
        """The directory did not take the password; the page asks for another (F7)."""
        await self._of(case, "refused_by_directory", outcome="not_done", reason="password_rules")

    async def revoked(self, case: Case, ended: bool) -> None:
        outcome = "done" if ended else "failed"
        await self._of(case, "sessions_ended", outcome=outcome, once=f"{case.key}:revoked:{outcome}")

    async def alert(self, case: Case, reason: str) -> None:
        """Somebody tries an account that is never served (I8)."""
        log.warning("protected_account_attempt", case=case.id, reason=reason)
        await self._of(case, "alert", outcome="refused", reason=reason, once=f"{case.key}:alert")

    async def paused(self, case: Case, until: float) -> None:
        """Proofs for the account are refused for a while: recorded once a pause, and the owner is told (O6)."""
        once = f"{case.account}:paused:{int(until // 900)}"
        await self._of(case, "paused", outcome="refused", reason="account_paused", once=once)
        account = await self.directory.read(case.account)
        if account is not None:
            await self.tell_owner(account, "paused", once)

    async def tell_owner(self, account: Account, key: str, once: str) -> None:
        """Queue one notice to every address of the owner (O6)."""
        when = utc(self.clock.now())
        facts = {"account": account.username, "time": when.strftime("%H:%M"), "date": when.strftime("%d.%m.%Y")}
        for address in account.notice_addresses:
            await self.outbox.put(Mail(address, account.language, key, facts), f"{once}:{address}")

    async def _of(self, case: Case, event: str, once: str = "", tenant: str = "", **fields: Any) -> None:
        speaker = case.speaker
        await self.audit.append({
            "event": f"{case.operation}.{event}",
            "actor": Speaker(**speaker).requester,
            "tenant": tenant or speaker["tenant"], "target": case.account, "operation": case.operation,
            "proofs": list(case.proofs), "source": speaker["source"], "correlation": case.id,
            "key": case.key, **fields}, once)
