"""Proof by an authenticator app (RFC 6238), and the one door to pyotp."""

import hmac
import secrets
from base64 import b32encode
from collections.abc import Callable

from pyotp import TOTP

from bot.clock import Clock
from bot.rules import registered
from bot.rules.case import Case
from bot.rules.codes import canonical_code
from bot.secret import Secret
from bot.store.protocol import Enrolments
from bot.verification.protocol import NotSent, Sent

DIGITS = 6
STEP_SECONDS = 30
_SEED_BYTES = 20    # 160 bit: limit 1

# Accounts without an authenticator are checked against this one, which nobody holds, with the same work (E2).
_NOBODYS = Secret("KEYTURNKEYTURNKEYTURNKEYTURNKEYT")


class Totp:
    """Implements Authenticator: six digits, 30 s, one step of drift either way (limits 1 and 2).

    `cool_down`: seconds of limit 17, by the policy of the moment.
    """

    name = registered.TOTP

    def __init__(self, enrolments: Enrolments, cool_down: Callable[[], float], clock: Clock) -> None:
        self._enrolments = enrolments
        self._cool_down = cool_down
        self._clock = clock

    def canonical(self, typed: str) -> str | None:
        return canonical_code(typed, DIGITS)

    async def challenge(self, case: Case) -> Sent | NotSent:
        """The app needs nothing sent."""
        return Sent()

    async def check(self, case: Case, code: str) -> str:
        now = self._clock.now()
        enrolment = await self._enrolments.read(case.account)
        apps = registered.usable(enrolment, self.name, now, self._cool_down())
        seeds = [(one.id, one.seed) for one in apps if one.seed] or [("", _NOBODYS)]
        steps = [(method_id, matching_step(seed, code, now)) for method_id, seed in seeds]
        for method_id, step in steps:
            if method_id and step is not None and await self._enrolments.spend_step(method_id, step):
                return method_id
        return ""


def matching_step(seed: Secret, code: str, now: float) -> int | None:
    """The time step a canonical code is for, the latest if it is for several; None for a wrong one."""
    present = int(now) // STEP_SECONDS
    generator = TOTP(seed.reveal())
    # All three are computed and compared, whichever fits, so that time tells nothing.
    right = [
        step for step in (present - 1, present, present + 1)
        if hmac.compare_digest(generator.generate_otp(step).encode(), code.encode())]
    return max(right, default=None)


def current_code(seed: Secret, now: float) -> str:
    """What the app shows now (for the demo desk)."""
    return TOTP(seed.reveal()).generate_otp(int(now) // STEP_SECONDS)


def seconds_left(now: float) -> float:
    """How long the app goes on showing it."""
    return STEP_SECONDS - now % STEP_SECONDS


def new_seed() -> Secret:
    """160 random bits in base32 (limit 1, A1)."""
    return Secret(b32encode(secrets.token_bytes(_SEED_BYTES)).decode())


def otpauth(seed: Secret, issuer: str, name: str) -> Secret:
    """What the app scans; it holds the seed."""
    app = TOTP(seed.reveal(), digits=DIGITS, interval=STEP_SECONDS)
    return Secret(app.provisioning_uri(name=name, issuer_name=issuer))
