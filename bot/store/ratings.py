"""Counts what people answered to "did that help?", without who answered."""

from dataclasses import dataclass

from bot.store import keys
from bot.store.connection import Store


@dataclass(frozen=True, slots=True)
class Rating:
    """How often an answer helped, and how often it did not."""

    topic: str
    lang: str
    helped: int
    missed: int


class Ratings:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(self, topic: str, lang: str, helpful: bool) -> None:
        """Count one answer to "did that help?"; topics and languages are our own labels."""
        await self._store.do("HINCRBY", keys.RATINGS, f"{topic} {lang} {'yes' if helpful else 'no'}", 1)

    async def counts(self) -> list[Rating]:
        """All of them, by topic and language."""
        flat = await self._store.do("HGETALL", keys.RATINGS)
        found = {name.decode(): int(count) for name, count in zip(flat[::2], flat[1::2], strict=True)}
        labels = sorted({tuple(name.split(" ")[:2]) for name in found})
        return [
            Rating(topic, lang, found.get(f"{topic} {lang} yes", 0), found.get(f"{topic} {lang} no", 0))
            for topic, lang in labels]
