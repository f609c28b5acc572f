"""Changing a known password as its owner: the one call that Graph takes from nobody else (graph.md, section 3).

What somebody signed on with in Teams is exchanged for a token of theirs, shown to Graph once, and forgotten.
"""

import re

import structlog

from bot.clock import Clock
from bot.directory.entra_writes import BUSY, PasswordWrites
from bot.directory.graph import Graph, GraphRefused
from bot.directory.graph_token import OnBehalf, PersonRefused
from bot.directory.protocol import Applied, PasswordSet
from bot.errors import DirectoryUnavailable
from bot.rules.case import WhyRefused
from bot.rules.passwords import CURRENT_OR_NEW, WRONG_CURRENT
from bot.secret import Secret

log = structlog.get_logger(__name__)

SCOPE = "User-PasswordProfile.ReadWrite.All"
"""The least that Graph asks for, as a delegated permission: it lets the app do what the person may, and no more."""

REFUSED_BY_SERVICE = "refused_by_service"
SIGN_ON = "sign_on"

CLOSED_SECONDS = 600.0
"""For so long nobody is sent to a page in vain after the login service said that IT has not consented."""

# The login service's own numbers (AADSTS…).
_NO_CONSENT = frozenset({65001, 65004, 90094, 650057})
_TOO_OLD = frozenset({500133, 700024})          # what was signed on with has ended meanwhile
_MORE_PROOF = frozenset({50072, 50074, 50076, 50078, 50079, 50158, 53000, 53001, 53002, 53003, 53004, 530003})
_INTERACTION = "interaction_required"

# Graph's texts, which are not published in full: matched loosely, and anything else means either of the two.
_TOO_SIMPLE = re.compile(r"complexity|banned|easily guess|weak password|history|recently", re.IGNORECASE)
_NOT_HERE = re.compile(r"on-premises|directory sync|external service|federated", re.IGNORECASE)
_CURRENT = re.compile(r"(?:current|old|existing) password|password is incorrect", re.IGNORECASE)


class OwnChange:
    """`possible` before anything is typed, `once` with what was."""

    def __init__(self, graph: Graph, persons: OnBehalf, writes: PasswordWrites, clock: Clock) -> None:
        self._graph = graph
        self._persons = persons
        self._writes = writes
        self._clock = clock
        self._closed_until = 0.0

    @property
    def open(self) -> bool:
        """False while it is known that nobody may."""
        return self._clock.now() >= self._closed_until

    async def possible(self, account_id: str, sign_on: Secret) -> WhyRefused | None:
        """Why it would be refused whatever is typed; raises DirectoryUnavailable while nobody can tell."""
        try:
            await self._persons.token(sign_on, account_id, SCOPE)
        except PersonRefused as refusal:
            return self._without_token(refusal).refused
        return None

    async def once(
            self, account_id: str, current: Secret, password: Secret, key: str, sign_on: Secret) -> PasswordSet:
        try:
            token = await self._persons.token(sign_on, account_id, SCOPE)
        except PersonRefused as refusal:
            return self._without_token(refusal)
        except DirectoryUnavailable:
            return PasswordSet(Applied.NO, (BUSY,))
        theirs = self._graph.acting_as(_Theirs(token))

        async def write(until: float) -> None:
            await theirs.act("me", "changePassword", until=until, body={
                "currentPassword": current.reveal(), "newPassword": password.reveal()})

        return await self._writes.once(account_id, key, write, _meaning)

    def _without_token(self, refusal: PersonRefused) -> PasswordSet:
        if refusal.codes & _TOO_OLD:
            return PasswordSet(Applied.NO, (SIGN_ON,))
        if refusal.error == _INTERACTION or refusal.codes & _MORE_PROOF:
            return PasswordSet(Applied.NO, refused=WhyRefused.CHANGE_ASKS_MORE)
        if refusal.codes & _NO_CONSENT:
            self._closed_until = self._clock.now() + CLOSED_SECONDS
        log.error("change_not_possible", error=str(refusal), needs=f"{SCOPE} (delegated, with consent)")
        return PasswordSet(Applied.NO, refused=WhyRefused.CHANGE_ELSEWHERE)


class _Theirs:
    """A graph.GraphToken that there is no second of."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    async def get(self) -> str:
        return self._token.reveal()

    async def refused(self, token: str) -> str:
        raise GraphRefused(401, "InvalidAuthenticationToken", "")


def _meaning(refusal: GraphRefused) -> PasswordSet:
    """Whether the present password was right, Graph does not say beside another refusal: `proven` stays False."""
    if refusal.status == 409:
        return PasswordSet(Applied.NO, (BUSY,))
    if refusal.status == 400 and not _NOT_HERE.search(refusal.said):
        if _TOO_SIMPLE.search(refusal.said):
            return PasswordSet(Applied.NO, (REFUSED_BY_SERVICE,))
        return PasswordSet(Applied.NO, (WRONG_CURRENT if _CURRENT.search(refusal.said) else CURRENT_OR_NEW,))
    if refusal.status == 401 or "mfa" in refusal.said.lower():
        # A fresh and stronger sign-in, which a window cannot ask for.
        return PasswordSet(Applied.NO, refused=WhyRefused.CHANGE_ASKS_MORE)
    log.error("password_not_changed", status=refusal.status, code=refusal.code, needs=SCOPE)
    return PasswordSet(Applied.NO, refused=WhyRefused.CHANGE_ELSEWHERE)
