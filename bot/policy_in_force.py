"""The policy that holds now: read at the start, changed without a restart, each change on record once (G5, U1)."""

import asyncio
import hashlib
from pathlib import Path

import structlog

from bot import audit as trail_of
from bot.background import look_every
from bot.policy_file import MISSING, Content, PolicyError, parsed, read, without_file
from bot.rules.limits import Limits
from bot.rules.policy import Policy, changed, values
from bot.store.policy_mark import PolicyMark
from bot.store.protocol import AuditTrail

log = structlog.get_logger(__name__)

CHECK_SECONDS = 2.0
MOST_NAMES = 20
ACTOR = "policy file"


class PolicyInForce:
    """`now` is the policy. Raises SettingsError when the service must not start with the file.

    A changed file is believed when two looks in a row find it the same: half of one may be a policy too. One
    that is wrong, or gone, changes nothing, and says so in log and trail.
    """

    def __init__(self, path: Path, limits: Limits, mark: PolicyMark, audit: AuditTrail, *, required: bool,
                 guids: bool = False) -> None:
        """`required`: the file has to be there at the start; `guids` as for `policy_file.parsed`."""
        self._path, self._limits, self._mark, self._audit, self._guids = path, limits, mark, audit, guids
        self._content = read(path)
        self._candidate = self._content
        self._refused: Content | None = None
        self.now = _opened(self._content, path, limits, required, guids)

    async def begin(self) -> None:
        """Put on record what was changed while nobody was running."""
        await self._record(self.now)

    async def keep(self) -> None:
        """Look for ever; without the store nothing can be recorded, so nothing changes (U1)."""
        await look_every(CHECK_SECONDS, self.check, "policy_check_failed")

    async def check(self) -> None:
        """Look once."""
        content = await asyncio.to_thread(read, self._path)
        stood_still, self._candidate = content == self._candidate, content
        if content == self._content:
            self._refused = None
        elif stood_still and content != self._refused:
            await self._meet(content)

    async def _meet(self, content: Content) -> None:
        try:
            policy = parsed(content, self._path, self._limits, guids=self._guids)
        except PolicyError as error:
            log.error("policy_refused", problems=str(error).splitlines(), still="the policy before it")
            await self._audit.append(
                trail_of.entry("policy.refused", actor=ACTOR, outcome="refused", reason=_listed(error.names)),
                f"policy:{await self._mark.number()}:refused:{_digest(str(error))}")
            self._refused = content
            return
        names = await self._record(policy)
        self.now, self._content = policy, content
        log.warning("policy_changed", values=names)

    async def _record(self, policy: Policy) -> list[str]:
        """Record what differs from what was last recorded by any replica; names of values only."""
        number, before = await self._mark.read()
        after = values(policy)
        names = changed(before or values(without_file(self._limits)), after)
        if names:
            # Another replica that sees the same file records the same change: one of the two records is dropped.
            await self._audit.append(
                trail_of.entry("policy.changed", actor=ACTOR, outcome="done", reason=_listed(names)),
                f"policy:{number}:{_digest(str(after))}")
            await self._mark.move(number, after)
        return names


def policy_to_start_with(path: Path, limits: Limits, *, required: bool, guids: bool = False) -> Policy:
    """What a start would begin with; raises SettingsError. Only a file that is `required` has to be there."""
    return _opened(read(path), path, limits, required, guids)


def _opened(content: Content, path: Path, limits: Limits, required: bool, guids: bool) -> Policy:
    missing = content == MISSING and not required
    return without_file(limits) if missing else parsed(content, path, limits, guids=guids)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _listed(names: tuple[str, ...] | list[str]) -> str:
    shown = [name or "the file" for name in names[:MOST_NAMES]]
    return ", ".join(shown) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
