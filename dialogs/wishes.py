"""Several wishes in one message: "jeg har glemt passordet, og hvordan ser jeg hva jeg har registrert?" """

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.content import Content
from bot.understanding import OUT_OF_SCOPE, Reader, Reading
from dialogs.answer_question import SMALL_TALK

SURE_OF_A_WISH = 0.8        # of a part read by itself
SURE_OF_ALL = 0.9           # of the message as a whole: then it is about one thing, whatever stands beside it
MOST_PARTS = 4              # a longer tale is about one thing, and tells what came before
_FEWEST_WORDS = 2           # of a part
_FEWEST_LISTED = 3          # wishes between which commas may stand

BETWEEN = "answer.words_between_wishes"


def wishes(content: Content, reader: Reader, text: str, whole: Reading) -> list[str]:
    """Ids of the topics that a message asks for, the one to answer first; none where it is about one thing only."""
    parts = _parts(content, text) if whole.confidence < SURE_OF_ALL else []
    items = [item for part in parts for item in part.split(", ")]
    if _FEWEST_LISTED <= len(items) <= MOST_PARTS and (several := _listed(reader, items, whole.lang)):
        return several
    if not 2 <= len(parts) <= MOST_PARTS:
        return []
    found = {reading.topic: reading.answers[0] for reading in _surely(reader, parts, whole.lang)
             if reading.topic in whole.candidates}
    return list(found.values()) if len(found) > 1 else []


def _listed(reader: Reader, items: list[str], lang: str) -> list[str]:
    """The wishes of a list, "this, that and the other": each item is one by itself, and another than the rest."""
    found = {reading.topic: reading.answers[0] for reading in _surely(reader, items, lang)}
    return list(found.values()) if len(found) == len(items) else []


def _surely(reader: Reader, parts: list[str], lang: str) -> Iterator[Reading]:
    for part in parts:
        reading = reader.read(part, lang)
        if reading.confidence >= SURE_OF_A_WISH and reading.topic not in (*SMALL_TALK, OUT_OF_SCOPE):
            yield reading


def _parts(content: Content, text: str) -> list[str]:
    words = ",".join(content.say(lang, BETWEEN) for lang in content.languages)
    return [part for part in _cuts(words).split(text) if len(part.split()) >= _FEWEST_WORDS]


@lru_cache(maxsize=4)
def _cuts(words: str) -> re.Pattern[str]:
    """Where a message may be cut: at the end of a sentence, and at these words."""
    listed = "|".join(sorted({re.escape(word.strip()) for word in words.split(",")}))
    # Bounded blanks, one class each: nothing here goes back over the text (N1).
    return re.compile(rf"[.!?;\n]+(?=\s|$)|,?\s(?:{listed})\s", re.IGNORECASE)
