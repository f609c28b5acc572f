"""Keeping what could not be answered, for the people who keep the content: without anything about who asked (D4)."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from bot.errors import StoreUnavailable
from bot.rules.unanswered import KnownWords, without_people
from bot.store.unanswered import UnansweredQuestions

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class NotAnswered:
    """`phrases`: all that the content has, in every language."""

    questions: UnansweredQuestions
    phrases: Callable[[], Iterable[str]]
    _known: KnownWords | None = field(default=None)

    async def note(self, text: str, lang: str, near: str) -> None:
        """Count it, if anything is left of it; no turn fails for it. `near`: the topic that was nearest, or ""."""
        if not (bare := await self.bare(text)):
            return
        try:
            await self.questions.note(lang, bare, near)
        except StoreUnavailable:
            log.info("unanswered_not_noted")

    async def bare(self, text: str) -> str:
        """What may leave the conversation of a message that was not understood; "" if that is nothing."""
        if self._known is None:
            # A fifth of a second, once, and only where somebody was not understood.
            self._known = await asyncio.to_thread(self._learned)
        return without_people(text, self._known)

    def _learned(self) -> KnownWords:
        return KnownWords.of(self.phrases())
