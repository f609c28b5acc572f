"""Spotting a password that somebody wrote into the chat, so that it is not kept and they are told (D4)."""

import re

# "passordet mitt er Sommer2026!", "my password is hunter22", "pwd: abc123!"
_TOLD = re.compile(
    r"\b(?:passord|passordet|passordet mitt|passordet ditt|pass ord|password|passwd|pwd|pw|passphrase)\b"
    r"[ \t]{0,3}(?:er|is|was|var|=|:)[ \t:=\"'«]{0,4}(\S{6,256})", re.IGNORECASE)
_MARKS = frozenset("!#$%&*+=?^~{}[]|\\/<>@")
_WORDS_AFTER = frozenset({
    "utløpt", "utgått", "glemt", "gammelt", "sperret", "feil", "borte", "ugyldig", "endret", "byttet",
    "expired", "forgotten", "wrong", "locked", "invalid", "incorrect", "rejected", "refused", "changed",
})


def holds_password(text: str) -> bool:
    """Whether the text looks as if it holds a password.

    Either it says so and what follows is not an ordinary word, or it is one single word with
    letters of both cases, digits and signs as only passwords have.
    """
    text = text[:4000]
    if (told := _TOLD.search(text)) and _unlike_a_word(told.group(1)):
        return True
    words = text.split()
    return len(words) == 1 and _like_a_password(words[0])


def _unlike_a_word(candidate: str) -> bool:
    bare = candidate.strip(".,;:!?\"'»«()").casefold()
    if bare in _WORDS_AFTER:
        return False
    letters_inside = any(one.isdigit() for one in candidate) or any(one in _MARKS for one in candidate[:-1])
    return letters_inside and "://" not in candidate


def _like_a_password(word: str) -> bool:
    if not 8 <= len(word) <= 256 or "://" in word or "@" in word.strip("@"):
        return False
    kinds = (any(one.islower() for one in word), any(one.isupper() for one in word),
             any(one.isdigit() for one in word), any(one in _MARKS for one in word))
    return all(kinds)
