"""Short things people say, listed in the content with commas between them, and whether a message is or has one."""

import re
from collections.abc import Iterable

from bot.content import Content
from bot.rules.volunteered import IS, LABEL, STATE, TYPED, PasswordWords

_BETWEEN = re.compile(r"[^\w']+")
_NOWHERE = frozenset[str]()


def stands_in(content: Content, said: str) -> frozenset[str]:
    """Keys of the lists that a text, as `plain` has it, is a phrase of, and of the buttons it is all the words of,
    in any language."""
    if not content.listings:
        content.listings = _listings(content)
    return content.listings.get(said, _NOWHERE)


def mentions(content: Content, said: str, *keys: str) -> bool:
    """Whether one of the phrases listed at `keys`, in any language, stands in it as whole words."""
    said = f" {said} "
    return any(f" {one} " in said for key in keys for one in listed(content, key))


def yes_or_no(content: Content, said: str) -> bool | None:
    """What a message says that is a yes or a no and nothing else ("ja takk", "no, it didn't help"); else None."""
    yes, no = listed(content, "answer.words_for_yes"), listed(content, "answer.words_for_no")
    words = set(said.split())
    if words - yes - no - listed(content, "answer.words_beside"):
        return None
    return False if words & no else True if words & yes else None


def password_words(content: Content) -> PasswordWords:
    """How passwords are spoken of in all languages of the content."""
    kinds = {"common.words_for_password": LABEL, "common.words_for_password_is": IS,
             "common.words_for_password_typed": TYPED, "common.words_for_password_state": STATE}
    return PasswordWords({word: kind for key, kind in kinds.items() for word in listed(content, key)})


def plain(text: str) -> str:
    """The words of a text in lower case with one blank between them."""
    return _BETWEEN.sub(" ", text.casefold().replace("\u2019", "'")).strip()


def listed(content: Content, key: str) -> frozenset[str]:
    """The phrases of a message of the content, in all languages, as `plain` has them."""
    found = content.lists.get(key)
    if found is None:
        texts = ",".join(content.say(lang, key) for lang in content.languages)
        found = content.lists[key] = frozenset(filter(None, map(plain, texts.split(","))))
    return found


def _listings(content: Content) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    known: dict[frozenset[str], frozenset[str]] = {}     # Most phrases stand in one list, and share the set of its key.
    for key, sentence in content.messages[content.languages[0]].items():
        if ".words_" in key:
            phrases: Iterable[str] = listed(content, key)
        elif ".button." in key and not sentence.places:
            phrases = {plain(content.say(lang, key)) for lang in content.languages}
        else:
            continue
        for phrase in phrases:
            keys = found.get(phrase, _NOWHERE) | {key}
            found[phrase] = known.setdefault(keys, keys)
    return found
