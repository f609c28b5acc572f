"""The content and the understanding that hold now: changed without a restart, each change on record (U1)."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import structlog

from bot import audit as trail_of
from bot.background import look_every
from bot.content import Content, ContentError
from bot.errors import SettingsError
from bot.store.protocol import AuditTrail
from bot.understanding import ErrorFinder, LearningError, Reader, learn_aside, open_reader

log = structlog.get_logger(__name__)

CHECK_SECONDS = 3.0
MOST_NAMES = 20
ACTOR = "content files"
_KINDS = (".md", ".yaml", ".jsonl")

Seen = Mapping[str, tuple[int, int]]
"""When a file was changed last, in ns, and its size, by its path."""
Take = Callable[[Reader, ErrorFinder], None]
"""Lets what is learned from the changed content be used from now on."""


class ContentInForce:
    """Looks after `content`, which becomes another for everybody who holds it.

    A changed file is believed when two looks in a row find it the same. Files that will not do change nothing, and log
    and trail say so. Learning takes its time in another process; until it is done, what was before goes on.
    """

    def __init__(self, content: Content, load: Callable[[], Content], places: Sequence[Path], cache: Path,
                 take: Take, audit: AuditTrail) -> None:
        """`load` reads the content anew, and raises ContentError; `places`: files, and folders with all in them."""
        self._content, self._load, self._places, self._cache = content, load, places, cache
        self._take, self._audit = take, audit
        self._seen = self._candidate = seen(places)
        self._refused: Seen | None = None
        self._one_at_a_time = asyncio.Lock()

    async def keep(self) -> None:
        """Look for ever; without the store nothing can be recorded, so nothing changes."""
        await look_every(CHECK_SECONDS, self.check, "content_check_failed")

    async def check(self) -> None:
        """Look once, and learn where there is something new."""
        async with self._one_at_a_time:
            found = await asyncio.to_thread(seen, self._places)
            stood_still, self._candidate = found == self._candidate, found
            if found == self._seen:
                self._refused = None
            elif stood_still and found != self._refused:
                await self._meet(found)

    async def _meet(self, found: Seen) -> None:
        try:
            content = await asyncio.to_thread(self._loaded)
            if content is not None:
                log.info("content_learning", still="the content before it")
                await learn_aside(content, self._cache)
                reader, finder = await asyncio.to_thread(_understanding, content, self._cache)
        except (ContentError, SettingsError, LearningError) as error:
            problems = error.problems if isinstance(error, ContentError) else str(error).splitlines()
            log.error("content_refused", problems=problems[:MOST_NAMES], still="the content before it")
            await self._record("content.refused", "refused", _changed(self._seen, found))
            self._refused = found
            return
        if content is not None:
            await self._record("content.changed", "done", _changed(self._seen, found))
            self._content.become(content)
            self._take(reader, finder)
            log.warning("content_changed", files=_changed(self._seen, found)[:MOST_NAMES])
        self._seen = found

    def _loaded(self) -> Content | None:
        """The content as it stands in the files now; None where it says the same. Raises ContentError."""
        fresh = self._load()
        # What the code says is in the release that runs: files of another one may have lost it.
        if lost := sorted(self._content.messages[self._content.languages[0]].keys()
                          - fresh.messages[fresh.languages[0]].keys()):
            raise ContentError([f"message {key} is missing, and this release says it" for key in lost])
        return fresh if fresh != self._content else None

    async def _record(self, event: str, outcome: str, names: Sequence[str]) -> None:
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        await self._audit.append(trail_of.entry(
            event, actor=ACTOR, outcome=outcome, reason=", ".join(names[:MOST_NAMES]) + more))


def _understanding(content: Content, cache: Path) -> tuple[Reader, ErrorFinder]:
    return open_reader(content, cache), ErrorFinder(content.errors.values())


def seen(places: Sequence[Path]) -> Seen:
    """The content's files as they are now."""
    return {path: one for place in places for path, one in _files(place)}


def _files(place: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    try:
        if place.suffix in _KINDS:
            yield str(place), _of(place.stat())
            return
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.endswith(_KINDS):
                    yield entry.path, _of(entry.stat())
                elif entry.is_dir():
                    yield from _files(Path(entry.path))
    except OSError:
        return      # It is not there, or went while we looked: loading says what that means.


def _of(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_mtime_ns, stat.st_size


def _changed(before: Seen, after: Seen) -> list[str]:
    """The files that are not as they were, by their last three names: nb/faq/reset-password.md."""
    paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    return ["/".join(Path(path).parts[-3:]) for path in paths]
