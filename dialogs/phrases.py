"""Short things people say, listed in the content with commas between them, and whether a message is or has one."""

import re
from collections.abc import Iterable

from bot.content import Content
from bot.rules.volunteered import IS, LABEL, STATE, TYPED, PasswordWords

_BETWEEN = re.compile(r"[^\w']+")
_QUOTE_BEGINS = frozenset('"\u00ab\u201c\u201d\u201e')
_QUOTED = re.compile(
    '"[^"]{1,400}"|\u00ab[^\u00bb]{1,400}\u00bb|[\u201c\u201d\u201e][^\u201c\u201d]{1,400}[\u201c\u201d]')
_READ = 4000                # characters
_OWN_WORDS = 3
_NOWHERE = frozenset[str]()
_LONGEST_OPENING = 12       # words in all; what is said after them is one piece
_TURNING = "follow_up.words_to_turn"
_TO_OPEN = frozenset({"follow_up.words_to_open", _TURNING})
_OPENINGS = (3, 2, 1)       # words of what opens a sentence, the longest first


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


def unquoted(text: str) -> str:
    """What somebody says around what they quote; all of it where they say hardly anything besides."""
    if _QUOTE_BEGINS.isdisjoint(text):
        return text
    own = _QUOTED.sub(" ", text[:_READ])
    return own if len(own.split()) >= _OWN_WORDS else text


def opened(content: Content, said: str) -> tuple[str, bool]:
    """What is said after words that only open a sentence ("ok but", "nei, jeg mente", "takk,"), and whether one of
    them turns to something else; `said` is as `plain` has it, and its last word is never taken for an opening."""
    words, at, turned = said.split(" ", _LONGEST_OPENING), 0, False
    while size := next((size for size in _OPENINGS if _opens(content, words[at:-1], size)), 0):
        turned = turned or _TURNING in stands_in(content, " ".join(words[at:at + size]))
        at += size
    return (" ".join(words[at:]) if at else said), turned


def asks(content: Content, text: str, rest: str | None = None) -> bool:
    """Whether it is put as a question: by its sign, or by how it begins once the opening is over; `rest` is what
    `opened` leaves of it, where that is known."""
    if text.rstrip().endswith("?"):
        return True
    rest = opened(content, plain(text))[0] if rest is None else rest
    return rest.partition(" ")[0] in listed(content, "follow_up.words_for_questions")


def made_of(content: Content, said: str, *keys: str) -> bool:
    """Whether every word of it is listed at one of the keys; of nothing said, none is."""
    words = set(said.split())
    return bool(words) and not words.difference(*(listed(content, key) for key in keys))


def has_word(content: Content, said: str, key: str) -> bool:
    return not listed(content, key).isdisjoint(said.split())


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


def _opens(content: Content, words: list[str], size: int) -> bool:
    return size <= len(words) and not _TO_OPEN.isdisjoint(stands_in(content, " ".join(words[:size])))


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
