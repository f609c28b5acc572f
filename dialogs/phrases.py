"""Short things people say, listed in the content with commas between them, and whether a message is or has one."""

import re
from functools import lru_cache

from bot.content import Content

_BETWEEN = re.compile(r"[^\w']+")


def says(content: Content, said: str, *keys: str) -> bool:
    """Whether a text, as `plain` has it, is one of the phrases listed at `keys`, in any language."""
    return any(said in listed(content.say(lang, key)) for key in keys for lang in content.languages)


def mentions(content: Content, said: str, *keys: str) -> bool:
    """Whether one of the phrases listed at `keys`, in any language, stands in it as whole words."""
    said = f" {said} "
    return any(f" {one} " in said for key in keys for lang in content.languages
               for one in listed(content.say(lang, key)))


def yes_or_no(content: Content, said: str) -> bool | None:
    """What a message says that is a yes or a no and nothing else ("ja takk", "no, it didn't help"); else None."""
    yes, no, beside = (frozenset().union(*(listed(content.say(lang, key)) for lang in content.languages)) for key in (
        "answer.words_for_yes", "answer.words_for_no", "answer.words_beside"))
    words = set(said.split())
    if words - yes - no - beside:
        return None
    return False if words & no else True if words & yes else None


def plain(text: str) -> str:
    """The words of a text in lower case with one blank between them."""
    return _BETWEEN.sub(" ", text.casefold().replace("\u2019", "'")).strip()


@lru_cache(maxsize=64)
def listed(phrases: str) -> frozenset[str]:
    """Phrases of a message of the content, as `plain` has them."""
    return frozenset(filter(None, map(plain, phrases.split(","))))
