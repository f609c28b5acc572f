"""The words of a mail, chosen when it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bot.clock import utc
from bot.content.model import Content
from bot.content.times import clock_time, written_date
from bot.rules.languages import written_in


@dataclass(frozen=True, slots=True)
class MailWords:
    """`subject` and `body` of the messages below `mail`."""

    content: Content

    def __call__(self, tag: str, key: str, facts: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body for a reader of this language tag.

        The fact `at`, in seconds since 1970, fills the places `date` and `time`: in UTC, nobody knows where a mail
        is read.
        """
        lang = written_in(tag, self.content.languages)
        if "at" in facts:
            when, say = utc(float(facts["at"])), partial(self.content.say, lang)
            facts = {**facts, "date": written_date(say, when), "time": clock_time(say, when)}
        return self._part(lang, key, "subject", facts), self._part(lang, key, "body", facts)

    def _part(self, lang: str, key: str, part: str, facts: Mapping[str, str]) -> str:
        places = self.content.messages[lang][f"mail.{key}.{part}"].places
        return self.content.say(lang, f"mail.{key}.{part}", **{one: facts[one] for one in places})
