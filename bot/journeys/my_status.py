"""What the signed-in owner may see of their own registration, and what a reset still lacks."""

from dataclasses import dataclass

from bot.clock import Clock
from bot.directory.protocol import Directory
from bot.journeys.casework import standing
from bot.people import Speaker
from bot.rules.events import Telling, tellings
from bot.rules.masking import masked
from bot.rules.policy import OWNER, Policy
from bot.rules.registered import Readiness, counts, readiness
from bot.rules.reminders import Wanted, wanted
from bot.rules.sign_in_there import SignInThere
from bot.store.protocol import AuditTrail, Enrolments, Holds
from bot.verification.recovery_code import CODES

MOST_EVENTS = 10
LOOKED_AT = 50      # records: one request leaves about six


@dataclass(frozen=True, slots=True)
class Shown:
    """One registered method. `detail` is a masked address or a label; times are seconds since 1970, 0 is never."""

    kind: str
    detail: str
    since: float
    last_used: float
    counts: bool


@dataclass(frozen=True, slots=True)
class Status:
    """`blocked`: why nothing can be done for the account whatever is registered, a key below `case.cannot`.

    `rev` is of the record that is shown, for whoever confirms it; `asked`: what the policy wants of the owner now.
    """

    methods: tuple[Shown, ...]
    codes_left: int
    codes_count: bool
    ready: Readiness
    blocked: str = ""
    confirmed_at: float = 0
    rev: int = 0
    asked: Wanted = Wanted.NOTHING
    password_changed: float = 0


@dataclass(frozen=True, slots=True)
class MyStatus:
    """Only about the speaker, and only for one whom the channel vouches for (I2, I7, E3)."""

    directory: Directory
    enrolments: Enrolments
    holds: Holds
    trail: AuditTrail
    clock: Clock

    async def events(self, speaker: Speaker) -> list[Telling]:
        """What happened lately with the owner's own account, newest first."""
        return tellings(await self.trail.last_about(speaker.object_id or "", LOOKED_AT), MOST_EVENTS)

    async def sign_in_there(self, speaker: Speaker) -> SignInThere | None:
        """What the owner has registered at the directory's own sign-in."""
        return await self.directory.sign_in_there(speaker.object_id or "")

    async def of(self, speaker: Speaker, policy: Policy) -> Status | None:
        """The owner's status; None for somebody who has no account that can be served here."""
        account = await self.directory.read(speaker.object_id or "")
        if account is None:
            return None
        now, wait = self.clock.now(), policy.cool_down_seconds
        enrolment = await self.enrolments.read(account.id)
        used = await self.enrolments.last_used(account.id)
        holds = await self.holds.of(account.id)
        left = 0
        recovery = enrolment.recovery
        if recovery is not None:
            left = CODES - len(await self.enrolments.spent_codes(recovery.id))
        gates = policy.gates_for("reset", OWNER, account.groups) or ()
        ready = readiness(enrolment, gates, now, wait)
        blocked = standing(account, "reset") or (holds[0].kind if holds else "")
        return Status(
            tuple(Shown(one.kind, masked(one.address) if one.address else one.label, one.since,
                        used.get(one.id, 0), counts(one, now, wait))
                  for one in enrolment.methods),
            left, recovery is not None and counts(recovery, now, wait), ready, blocked, enrolment.confirmed_at,
            enrolment.rev,
            Wanted.NOTHING if blocked else wanted(
                enrolment, ready, now, policy.reconfirm_days, forced=policy.forces_registration(account.groups)),
            account.password_changed)
