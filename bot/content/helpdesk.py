"""A helpdesk case in words: for the person before it is sent, for the mail and for the staff's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bot.clock import utc
from bot.content.model import Content
from bot.content.times import clock_time, written_date
from bot.people import MAIL
from bot.rules.helpdesk import By, HelpCase, Tried
from bot.rules.neutral import quoted


@dataclass(frozen=True, slots=True)
class HelpWords:
    content: Content

    def who(self, lang: str, case: HelpCase, account: str) -> str:
        """`account`: the user name in the directory; a visitor's own claims are no part of it (E1)."""
        if not case.account:
            return self.content.say(lang, "helpdesk.who.visitor")
        how = "link" if case.speaker.get("channel") == MAIL else "owner"
        return self.content.say(lang, f"helpdesk.who.{how}", account=account or case.account)

    def answer(self, lang: str, case: HelpCase) -> str:
        """How an answer reaches them."""
        return self.content.say(lang, "helpdesk.answer.mail" if case.by_mail else "helpdesk.answer.chat")

    def about(self, lang: str, case: HelpCase) -> str:
        return self.content.say(lang, f"helpdesk.about.{case.about}")

    def tried(self, lang: str, case: HelpCase) -> list[str]:
        """One line for each thing tried; what another release knew is left out (F10)."""
        return self.lines(lang, case.tried)

    def lines(self, lang: str, tried: tuple[Tried, ...]) -> list[str]:
        return [line for one in tried if (line := self._line(lang, one))]

    def mail(self, lang: str, case: HelpCase, account: str) -> Mapping[str, str]:
        """The facts of the mail that announces it."""
        first = next((one.text for one in case.thread if one.by is By.PERSON), "")
        nothing = self.content.say(lang, "helpdesk.nothing")
        opened, say = utc(case.opened_at), partial(self.content.say, lang)
        return {
            "number": case.number, "who": self.who(lang, case, account), "about": self.about(lang, case),
            "tried": "\n".join(f"- {line}" for line in self.tried(lang, case)) or nothing,
            "words": quoted(first) or nothing,
            "answer": self.answer(lang, case), "language": self.content.say(case.lang, "helpdesk.language"),
            "date": written_date(say, opened), "time": clock_time(say, opened)}

    def _line(self, lang: str, one: Tried) -> str:
        say, messages = self.content.say, self.content.messages[lang]
        match one.what:
            case "topic" if one.name in self.content.topics:
                return say(lang, "helpdesk.tried.topic", title=self.content.topics[one.name].texts[lang].title)
            case "error" if one.name in self.content.errors:
                return say(lang, "helpdesk.tried.error", name=self._error(lang, one.name))
            case "journey" if f"{one.name}.button.start" in messages and f"helpdesk.tried.{one.how}" in messages:
                return say(lang, f"helpdesk.tried.{one.how}", journey=say(lang, f"{one.name}.button.start"))
        return ""

    def _error(self, lang: str, name: str) -> str:
        error = self.content.errors[name]
        return error.codes[0] if error.codes else error.texts[lang].user.partition("\n")[0]
