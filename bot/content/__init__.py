"""Everything a person reads, and what people write to get it: files of words per language, and their loader.

A language is a folder (`nb`, `en`, ...) holding `faq/*.md` (one topic a file, same names in every language)
`messages/*.yaml` (nested mappings of sentences: `who: {ask: ...}` in `reset.yaml` is `reset.who.ask`), and
`errors/*.yaml` (what is said to the errors whose codes stand in the common `errors/*.yaml`).
Adding a folder adds a language. `load_content` reads them all at start, and refuses what does not agree.
An organisation has a folder of its own, whose words go before these: see `own`.
"""

from bot.content.loading import ContentError, load_content
from bot.content.model import Content, ErrorText, KnownError, MessageError, Topic, TopicText

__all__ = [
    "Content", "ContentError", "ErrorText", "KnownError", "MessageError", "Topic", "TopicText", "load_content",
]
