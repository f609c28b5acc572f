"""Entra ID as the home of accounts, through Microsoft Graph with the app's own token."""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import structlog

from bot.clock import Clock
from bot.directory.entra_change import REFUSED_BY_SERVICE, OwnChange
from bot.directory.entra_sign_in import EntraSignIn, Permissions
from bot.directory.entra_writes import BUSY, CLOCKS_APART, LANDS_SECONDS, SEND_SECONDS, PasswordWrites, as_directory
from bot.directory.graph import Graph, GraphRefused, NothingDone
from bot.directory.graph_token import OnBehalf
from bot.directory.protocol import Account, Applied, PassGiven, PasswordSet
from bot.errors import DirectoryUnavailable
from bot.rules.case import WhyNot, WhyRefused
from bot.rules.names import canonical_name
from bot.rules.sign_in_there import SignInThere
from bot.secret import Secret
from bot.store.effects import Begun, Effects

log = structlog.get_logger(__name__)

READ, RESET, REVOKE = "User.Read.All", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All"
DOMAINS, GROUPS, PASSES = "Domain.Read.All", "GroupMember.Read.All", "UserAuthMethod-TAP.ReadWrite.All"

_FIELDS = ("id,userPrincipalName,displayName,givenName,surname,mail,otherMails,preferredLanguage,accountEnabled,"
           "userType,onPremisesSyncEnabled,lastPasswordChangeDateTime")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}")
_PASS = re.compile(r"[\x21-\x7e]{8,64}")
_MOST_ADDRESSES = 5
_LONGEST_TAG = 35
_MOST_OF_A_NAME = 256
_GLANCE_SECONDS = 60.0
_GLANCES = 1000
_DOMAINS_SECONDS = 3600.0
_AGAIN_SECONDS = 60.0
_GROUPS_AT_ONCE = 20
_FEDERATED = "Federated"
_COMPLEXITY = re.compile(r"complexity|banned|easily guess|weak password", re.IGNORECASE)


class Entra:
    """Implements Directory for cloud-only accounts; of others it says why not (graph.md, sections 1 and 9).

    For a name or id that is nobody's Graph is asked as often as for somebody's (E2).
    """

    def __init__(self, graph: Graph, permissions: Permissions, effects: Effects, clock: Clock, tenant: str, *,
                 groups: Callable[[], Collection[str]] = tuple, protected: frozenset[str] = frozenset(),
                 force_change: bool = False, persons: OnBehalf | None = None) -> None:
        """`groups`: ids of the groups that the policy has rules for: only of them it is asked who is in them.

        `protected`: ids of accounts that are never served, besides those that hold a directory role (I8).

        `force_change`: whether the password chosen here has to be replaced at the next sign-in.

        `persons`: who exchanges a sign-on for what lets us act as that person; None: nothing is done as anybody.
        """
        self._graph = graph
        self._permissions = permissions
        self._effects = effects
        self._clock = clock
        self._tenant = tenant
        self._groups = groups
        self._sign_in = EntraSignIn(graph, permissions)
        self._protected = protected
        self._force_change = force_change
        self._writes = PasswordWrites(effects, clock, self._last_change)
        self._own_change = OwnChange(graph, persons, self._writes, clock) if persons else None
        self._glances: OrderedDict[str, tuple[float, Account | None]] = OrderedDict()
        self._federated: frozenset[str] = frozenset()
        self._domains_until = 0.0
        self._asking_domains = asyncio.Lock()

    def cannot(self, operation: str, *, signs_on: bool = False) -> WhyNot | None:
        """Graph has no call that shows or lifts a smart lockout, and changes only with the person's own sign-in."""
        if operation == "change" and signs_on and self._own_change and self._own_change.open:
            return None
        return {"unlock": WhyNot.NO_UNLOCK, "change": WhyNot.CHANGE_ELSEWHERE}.get(operation)

    async def find(self, name: str) -> Account | None:
        """By user principal name or mail address, or by what stands before the @ if one account only has that."""
        wanted = canonical_name(name)
        literal = (wanted or _NOBODY).replace("'", "''")
        question = f"userPrincipalName eq '{literal}' or mail eq '{literal}'" if "@" in literal \
            else f"startsWith(userPrincipalName,'{literal}@')"
        page = await self._read("users", filter=question, select=_FIELDS, top="3") or {}
        # Graph compares more loosely than we do: look-alikes are nobody (I7).
        found = [one for one in _objects(page) if wanted in _names_of(one, whole="@" in literal)]
        only = found[0] if len(found) == 1 else None
        asked = _text(only, "id").lower() if only else _NOBODY
        return await self._whole(only, *await asyncio.gather(self._roles(asked), self._groups_of(asked)))

    async def read(self, account_id: str) -> Account | None:
        asked = account_id if _OBJECT_ID.fullmatch(account_id) else _NOBODY
        found, roles, groups = await asyncio.gather(
            self._read("users", asked, select=_FIELDS), self._roles(asked), self._groups_of(asked))
        account = await self._whole(found if found and _text(found, "id").lower() == asked else None, roles, groups)
        self._note(account_id, account)
        return account

    async def glance(self, account_id: str) -> Account | None:
        at, account = self._glances.get(account_id, (0.0, None))
        return account if self._clock.now() < at + _GLANCE_SECONDS else await self.read(account_id)

    async def sign_in_there(self, account_id: str) -> SignInThere:
        return await self._sign_in.of(account_id if _OBJECT_ID.fullmatch(account_id) else _NOBODY)

    async def set_password(self, account_id: str, password: Secret, key: str) -> PasswordSet:
        async def write(until: float) -> None:
            await self._graph.change("users", account_id, until=until, body={"passwordProfile": {
                "password": password.reveal(), "forceChangePasswordNextSignIn": self._force_change}})

        return await self._writes.once(account_id, key, write, _meaning)

    @property
    def takes_sign_on(self) -> bool:
        return self._own_change is not None

    async def change_possible(self, account_id: str, sign_on: Secret) -> WhyRefused | None:
        return await self._own_change.possible(account_id, sign_on) if self._own_change else None

    async def change_password(self, account_id: str, current: Secret, password: Secret, key: str,
                              sign_on: Secret | None = None) -> PasswordSet:
        """As the person: Graph takes this call from nobody else."""
        if self._own_change is None or sign_on is None:
            return PasswordSet(Applied.NO, refused=WhyRefused.CHANGE_ELSEWHERE)
        return await self._own_change.once(account_id, current, password, key, sign_on)

    async def unlock(self, account_id: str, key: str) -> Applied:
        """Nobody is sent here: see `cannot`."""
        return Applied.NO

    async def give_pass(self, account_id: str, key: str) -> PassGiven:
        """For one sign-in, and as long as the organisation's own policy says; on record before Graph hears of it."""
        begun = Begun(self._clock.now(), 0, secrets.token_hex(8))
        with as_directory():
            stands = await self._effects.begin(account_id, key, begun)
        if stands != begun:
            return PassGiven(stands if isinstance(stands, Applied) else Applied.UNKNOWN)
        try:
            made = await self._graph.create(*_passes(account_id), until=begun.at + SEND_SECONDS,
                                            body={"isUsableOnce": True})
        except (NothingDone, GraphRefused) as trouble:
            if isinstance(trouble, GraphRefused):
                # No permission, or no such method in this organisation: whoever runs this has to look.
                log.error("pass_not_given", status=trouble.status, code=trouble.code, needs=PASSES)
            with as_directory():
                await self._effects.settle(account_id, key, begun, Applied.NO)
            return PassGiven(Applied.NO, refused=WhyRefused.CONTACT_IT if isinstance(trouble, GraphRefused) else None)
        code, minutes = _text(made, "temporaryAccessPass"), made.get("lifetimeInMinutes")
        if not _PASS.fullmatch(code) or made.get("isUsable") is False:
            # Made for nothing: the organisation's policy does not let this person use one. It is taken back.
            log.error("pass_not_usable", reason=_plain(_text(made, "methodUsabilityReason")))
            await self._take_back(account_id, begun)
            with as_directory():
                await self._effects.settle(account_id, key, begun, Applied.NO)
            return PassGiven(Applied.NO, refused=WhyRefused.CONTACT_IT)
        await self._writes.remember(account_id, key, begun)
        return PassGiven(Applied.YES, Secret(code), minutes if isinstance(minutes, int) else 0)

    async def pass_outcome(self, account_id: str, key: str) -> Applied:
        """Nobody but the caller of `give_pass` ever knew the code: what became of it otherwise is taken back."""
        with as_directory():
            stands = await self._effects.close(account_id, key)
            if not isinstance(stands, Begun):
                return stands or Applied.NO
            if self._clock.now() < stands.at + SEND_SECONDS + LANDS_SECONDS:
                return Applied.UNKNOWN
            await self._take_back(account_id, stands)
            settled = await self._effects.settle(account_id, key, stands, Applied.NO)
            return settled if isinstance(settled, Applied) else Applied.UNKNOWN

    async def _take_back(self, account_id: str, begun: Begun) -> None:
        """Remove what was made at the time of ours; an account has one pass at most."""
        first, last = begun.at - CLOCKS_APART, begun.at + SEND_SECONDS + LANDS_SECONDS + CLOCKS_APART
        try:
            for one in _objects(await self._graph.get(*_passes(account_id)) or {}):
                made = _time(one, "createdDateTime") or _time(one, "startDateTime")
                if not made or first <= made <= last:
                    await self._graph.delete(*_passes(account_id), _text(one, "id"))
        except GraphRefused as refusal:
            log.error("pass_not_taken_back", status=refusal.status, code=refusal.code, needs=PASSES)

    async def outcome(self, account_id: str, key: str) -> Applied:
        return await self._writes.outcome(account_id, key)

    async def revoke_sessions(self, account_id: str) -> None:
        try:
            await self._graph.post("users", account_id, "revokeSignInSessions")
        except GraphRefused as refusal:
            log.error("sessions_not_ended", status=refusal.status, code=refusal.code, needs=REVOKE)
            raise

    # -- reading -------------------------------------------------------------------------------

    async def _roles(self, object_id: str) -> dict[str, Any] | None:
        return await self._read("users", object_id if _OBJECT_ID.fullmatch(object_id) else _NOBODY,
                                "transitiveMemberOf", "microsoft.graph.directoryRole", select="id,roleTemplateId")

    async def _groups_of(self, object_id: str) -> tuple[str, ...] | None:
        """Which of the policy's groups the account is in, directly or through others; None while that is not known."""
        asked, found = sorted(self._groups()), list[str]()
        for first in range(0, len(asked), _GROUPS_AT_ONCE):
            try:
                page = await self._graph.ask(
                    "users", object_id if _OBJECT_ID.fullmatch(object_id) else _NOBODY, "checkMemberGroups",
                    body={"groupIds": asked[first:first + _GROUPS_AT_ONCE]})
            except GraphRefused as refusal:
                log.error("groups_not_readable", status=refusal.status, code=refusal.code, needs=GROUPS)
                raise DirectoryUnavailable(str(refusal)) from None
            if page is None:
                return None
            found += _ids(page)
        return tuple(one for one in asked if one in found)

    async def _whole(self, found: Mapping[str, Any] | None, roles: Mapping[str, Any] | None,
                     groups: tuple[str, ...] | None) -> Account | None:
        """The account with what else is known of it; the same questions for nobody (E2)."""
        federated = await self._federated_domains()
        allowed = await self._permissions.roles()
        account_id = _text(found, "id").lower() if found else ""
        if found is None or not _OBJECT_ID.fullmatch(account_id):
            return None
        if roles is None or groups is None:
            # Not replicated yet: nobody is served on a guess (G1).
            raise DirectoryUnavailable("roles or groups unknown")
        username = _text(found, "userPrincipalName")
        obstacle = None
        if found.get("onPremisesSyncEnabled") is True:
            obstacle = WhyNot.SYNCED
        elif username.rpartition("@")[2].lower() in federated:
            obstacle = WhyNot.FEDERATED
        elif allowed is not None and RESET not in allowed:
            obstacle = WhyNot.NOT_ABLE
        return Account(
            account_id, self._tenant, _line(username), _line(_text(found, "displayName")) or _line(username),
            tuple(filter(None, (_text(found, "givenName"), _text(found, "surname")))),
            _text(found, "preferredLanguage")[:_LONGEST_TAG],
            enabled=found.get("accountEnabled") is True,
            protected=account_id in self._protected or bool(_objects(roles)) or "@odata.nextLink" in roles,
            guest=_text(found, "userType").lower() == "guest" or "#ext#" in username.lower(),
            no_pass=WhyNot.NO_PASS if allowed is not None and PASSES not in allowed else None,
            groups=groups, notice_addresses=_addresses(found), obstacle=obstacle,
            password_changed=_time(found) or 0)

    async def _federated_domains(self) -> frozenset[str]:
        """Domains whose people sign in elsewhere, an hour old at most; none when we may not see the domains."""
        async with self._asking_domains:
            if self._clock.now() >= self._domains_until:
                self._domains_until, self._federated = await self._looked_at_domains()
            return self._federated

    async def _looked_at_domains(self) -> tuple[float, frozenset[str]]:
        """Until when it holds, and what; what was known before goes on holding while the service is away."""
        try:
            page = await self._graph.get("domains", select="id,authenticationType") or {}
        except GraphRefused:
            page = {}
        except DirectoryUnavailable:
            if not self._domains_until:
                raise
            return self._clock.now() + _AGAIN_SECONDS, self._federated
        return self._clock.now() + _DOMAINS_SECONDS, frozenset(
            _text(one, "id").lower() for one in _objects(page) if _text(one, "authenticationType") == _FEDERATED)

    async def _last_change(self, account_id: str) -> float | None:
        """When the password was last changed, in seconds since 1970; 0 for never, None for no account."""
        found = await self._read("users", account_id, select="id,lastPasswordChangeDateTime")
        if found is None:
            return None
        last = _time(found)
        if last is None:
            raise DirectoryUnavailable("no time")
        return last

    async def _read(self, *path: str, **options: str) -> dict[str, Any] | None:
        try:
            return await self._graph.get(*path, **options)
        except GraphRefused as refusal:
            log.error("account_not_readable", status=refusal.status, code=refusal.code, needs=READ)
            raise DirectoryUnavailable(str(refusal)) from None

    def _note(self, account_id: str, account: Account | None) -> None:
        self._glances[account_id] = (self._clock.now(), account)
        self._glances.move_to_end(account_id)
        while len(self._glances) > _GLANCES:
            self._glances.popitem(last=False)


def _meaning(refusal: GraphRefused) -> PasswordSet:
    """What Graph's refusal of a reset means: something to mend on the page, or nothing the person can do (F7)."""
    if refusal.status == 400 and _COMPLEXITY.search(refusal.said):
        return PasswordSet(Applied.NO, (REFUSED_BY_SERVICE,))
    if refusal.status == 409:
        return PasswordSet(Applied.NO, (BUSY,))
    # Permission or role missing, an administrator, a synced account: whoever runs this has to look.
    log.error("password_not_set", status=refusal.status, code=refusal.code, needs=RESET)
    return PasswordSet(Applied.NO, refused=WhyRefused.CONTACT_IT)


# -- what Graph says, believed only in the shapes that are known ----------------------------------------

def _objects(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = page.get("value")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        if page:
            raise DirectoryUnavailable("no list")
        return []
    return found


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _ids(page: Mapping[str, Any]) -> list[str]:
    found = page.get("value")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DirectoryUnavailable("no list")
    return [one.lower() for one in found]


def _passes(account_id: str) -> tuple[str, ...]:
    return "users", account_id, "authentication", "temporaryAccessPassMethods"


def _plain(text: str) -> str:
    """The service's own word, for the log (N2)."""
    return "".join(one for one in text[:40] if one.isalnum())


def _time(found: Mapping[str, Any], name: str = "lastPasswordChangeDateTime") -> float | None:
    """In seconds since 1970; 0 for never, None for what is no time."""
    said = _text(found, name)
    try:
        return datetime.fromisoformat(said).timestamp() if said else 0.0
    except ValueError:
        return None


def _line(text: str) -> str:
    """What somebody else wrote, as one line of what shows: it comes into mails, pages and logs (N2)."""
    return " ".join("".join(one if one.isprintable() else " " for one in text[:_MOST_OF_A_NAME]).split())


def _names_of(found: Mapping[str, Any], *, whole: bool) -> set[str]:
    """The names an account is found by, in the one form that names are typed in."""
    username = canonical_name(_text(found, "userPrincipalName")) or ""
    if not whole:
        return {username.partition("@")[0]}
    return {username, canonical_name(_text(found, "mail")) or ""}


def _addresses(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Where the owner is told: the mailbox, and what else the directory knows (O6)."""
    others = found.get("otherMails")
    given = [found.get("mail"), *(others if isinstance(others, list) else [])]
    good = dict.fromkeys(one for one in given if isinstance(one, str) and one.isascii() and _ADDRESS.fullmatch(one))
    return tuple(good)[:_MOST_ADDRESSES]
