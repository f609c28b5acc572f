"""What the owner answers to a reminder: still right, or not now (the policy's re-confirmation and registration)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot import audit as trail_of
from bot.clock import Clock
from bot.errors import Conflict
from bot.people import Speaker
from bot.rules.policy import Policy
from bot.rules.reminders import DAY, Snooze
from bot.store.protocol import AuditTrail, Enrolments, Snoozes


@dataclass(frozen=True, slots=True)
class Reminding:
    """Only ever about the speaker's own account, and only for one whom the channel vouches for (I2, I7)."""

    enrolments: Enrolments
    snoozes: Snoozes
    audit: AuditTrail
    policy: Callable[[], Policy]
    clock: Clock

    async def confirm(self, speaker: Speaker, rev: int) -> bool:
        """The owner says that the record of this `rev`, as it was shown, is right; False when it is another now.

        It vouches for no method: nothing counts, or counts earlier, because of it.
        """
        account_id = speaker.object_id or ""
        found = await self.enrolments.read(account_id)
        if found.rev != rev:
            return False
        said = trail_of.entry(
            "registered.confirmed", actor=speaker.requester, tenant=speaker.tenant, target=account_id,
            outcome="ok", source=speaker.source, correlation=speaker.conversation)
        await self.audit.append(said, f"confirmed:{account_id}:{rev}")
        try:
            await self.enrolments.change(account_id, replace(found, confirmed_at=self.clock.now()))
        except Conflict:
            await self.audit.append({**said, "outcome": "not_done", "reason": "changed"})
            return False
        return True

    async def snoozed(self, speaker: Speaker) -> Snooze:
        return await self.snoozes.of(speaker.object_id or "")

    async def snooze(self, speaker: Speaker) -> Snooze | None:
        """Put registering off, as often as the policy allows; None when it was put off often enough."""
        rules, now = self.policy().registration, self.clock.now()
        return await self.snoozes.put_off(
            speaker.object_id or "", now, now + rules.snooze_days * DAY, rules.snoozes)
