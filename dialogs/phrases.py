"""Short things people say, listed in the content with commas between them, and whether a message is or has one."""

import re
from functools import lru_cache

from bot.content import Content

_BETWEEN = re.compile(r"[^\w']+")


def says(content: Content, text: str, *keys: str) -> bool:
    """Whether the text is one of the phrases listed at `keys`, in any language."""
    said = plain(text)
    return any(said in listed(content.say(lang, key)) for key in keys for lang in content.languages)


def mentions(content: Content, text: str, *keys: str) -> bool:
    """Whether one of the phrases listed at `keys`, in any language, stands in the text as whole words."""
    said = f" {plain(text)} "
    return any(f" {one} " in said for key in keys for lang in content.languages
               for one in listed(content.say(lang, key)))


def plain(text: str) -> str:
    """The words of a text in lower case with one blank between them."""
    return _BETWEEN.sub(" ", text.casefold().replace("\u2019", "'")).strip()


@lru_cache(maxsize=64)
def listed(phrases: str) -> frozenset[str]:
    """Phrases of a message of the content, as `plain` has them."""
    return frozenset(filter(None, map(plain, phrases.split(","))))
