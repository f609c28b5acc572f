"""Who people are, and how they prove it."""

from collections.abc import Callable, Mapping

from aiohttp import ClientSession

from bot.clock import Clock
from bot.directory.embedded import Embedded
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Directory
from bot.making.outside import app_token_of, entra_of
from bot.rules.policy import Policy
from bot.serving.kept import Kept
from bot.settings import Settings
from bot.verification.email_code import EmailCode
from bot.verification.it_code import ItCode
from bot.verification.new_address import NewAddress
from bot.verification.protocol import Authenticator
from bot.verification.recovery_code import RecoveryCode
from bot.verification.totp import Totp


class People:
    """The home of their accounts, and every authenticator by its name."""

    def __init__(self, settings: Settings, kept: Kept, session: ClientSession, policy: Callable[[], Policy],
                 clock: Clock) -> None:
        limits = settings.limits
        self.hashes = PasswordHashes()
        self.app_token = app_token_of(settings) if settings.directory == "entra" else None
        self.directory: Directory = Embedded(kept.accounts, self.hashes, clock) if self.app_token is None \
            else entra_of(settings, session, self.app_token, kept.store, clock, lambda: policy().groups)

        def cool_down() -> float:
            return policy().cool_down_seconds

        self.authenticators: Mapping[str, Authenticator] = {one.name: one for one in (
            Totp(kept.enrolments, cool_down, clock),
            RecoveryCode(kept.enrolments, cool_down, clock),
            ItCode(kept.one_time_codes),
            NewAddress(kept.codes, kept.mails, kept.tries, limits, clock),
            EmailCode(kept.codes, kept.enrolments, kept.mails, kept.tries, limits, clock,
                      directory=self.directory, cool_down=cool_down))}
