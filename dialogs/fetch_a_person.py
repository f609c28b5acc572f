"""Getting a person to help: what it is about, what will be sent, a number, and the answer in this chat.

    person  jeg vil snakke med et menneske       (and presses Send en sak)
    bot     Hva gjelder det? Skriv det med en setning …                         [Hopp over] [Avbryt]
    person  jeg får ikke koden på telefonen
    bot     Dette sender jeg til brukerstøtte: …               [Send] [Send, det haster] [Avbryt]
    person  (presses Send)
    bot     Saken er sendt, og nummeret er K-1042. …                            [Hvordan går det med saken?]
    bot     (later) Svar fra brukerstøtte i sak K-1042: …        [Svar] [Det hjalp, lukk saken]
"""

import secrets
from dataclasses import dataclass

from bot.clock import Clock
from bot.content.helpdesk import HelpWords
from bot.journeys.fetch_a_person import FetchAPerson as Journey
from bot.rules.helpdesk import About, By, HelpCase, Stage, Tried
from bot.rules.limits import Limits
from bot.rules.neutral import markdown
from bot.store.protocol import TooMany
from dialogs.offers import CANCEL, FETCH
from dialogs.talk import Again, Conversation, Good, Leave, Moved, Press, Reply, Step, Talk, Wait
from dialogs.times import moment, wait

SKIP = Press("fetch_a_person.button.skip", {"do": "help_skip"})
SEND = Press("fetch_a_person.button.send", {"do": "help_send"})
URGENT = Press("fetch_a_person.button.urgent", {"do": "help_urgent"})
ANOTHER = Press("fetch_a_person.button.another", {"do": "help_new"})
STATUS = Press("fetch_a_person.button.status", {"do": "help_status"})


@dataclass(frozen=True)
class FetchAPerson(Conversation):
    journey: Journey
    words_of: HelpWords
    limits: Limits
    clock: Clock

    name = "fetch_a_person"
    steps = ("in_hand", "what", "summary")
    wish = "human_agent"
    help = "fetch_a_person.help"

    # -- the conversation ----------------------------------------------------------------------

    async def in_hand(self, step: Step) -> Moved:
        """A case that is open already goes on, unless another one is wanted."""
        talk = step.talk
        talk.notes["once"] = secrets.token_hex(8)
        talk.memory.until = self.clock.now() + self.limits.flow_seconds
        wanted = talk.heard.pressed.get("case", "")
        mine = [one for one in await self.journey.of(talk.speaker) if not one.closed]
        case = next((one for one in mine if one.number == wanted), mine[0] if mine else None)
        if case is None:
            if wanted:
                return await step.leave("fetch_a_person.closed", buttons=[FETCH], number=wanted)
            return await step.go_on()
        talk.notes["number"] = case.number
        if wanted:
            return await step.ask("fetch_a_person.reply", self.more, fits="words", buttons=[CANCEL], number=case.number)
        await self._stands(talk, case)
        return await step.ask(
            "fetch_a_person.more", self.more, fits="words", buttons=[_close(case), ANOTHER, CANCEL],
            number=case.number)

    async def more(self, talk: Talk) -> Reply:
        """Something to add to the open case, or the wish for another one."""
        if talk.heard.kind != "message":
            return Wait()
        number = talk.notes["number"]
        if talk.heard.pressed.get("do") == "help_new":
            return Good()
        case = await self.journey.add(number, talk.speaker, talk.heard.text, talk.notes["once"])
        if case is None:
            return Leave("fetch_a_person.closed", {"number": number}, [FETCH])
        return Leave("fetch_a_person.added", {"number": number}, [STATUS])

    async def what(self, step: Step) -> Moved:
        return await step.ask("fetch_a_person.what", self.told, fits="words", words="fetch_a_person.words_for_skip",
                              buttons=[SKIP, CANCEL])

    async def told(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        skipped = talk.heard.pressed or talk.says("fetch_a_person.words_for_skip")
        return Good("" if skipped else talk.heard.text)

    async def summary(self, step: Step) -> Moved:
        talk = step.talk
        talk.notes["words"] = step.talk.answer
        nothing = talk.words("helpdesk.nothing")
        lines = self.words_of.lines(talk.lang, _tried(talk))
        return await step.ask(
            "fetch_a_person.summary", self.confirmed, words="answer.words_for_yes", buttons=[SEND, URGENT, CANCEL],
            text=markdown(talk.notes["words"]) or nothing, tried="\n".join(f"- {one}" for one in lines) or nothing)

    async def confirmed(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        pressed = talk.heard.pressed.get("do")
        if talk.heard.pressed or talk.yes_or_no():
            return await self._sent(talk, urgent=pressed == "help_urgent")
        if talk.yes_or_no() is False:
            return Leave("fetch_a_person.cancelled")
        return Again("fetch_a_person.sure", buttons=[SEND, URGENT, CANCEL])

    async def _sent(self, talk: Talk, *, urgent: bool) -> Reply:
        case = await self.journey.open(
            talk.speaker, talk.lang, talk.reference, About.CHAT, _tried(talk), talk.notes["words"], urgent=urgent,
            once=talk.notes["once"])
        if isinstance(case, TooMany):
            if case.whose == "open":
                return Leave("fetch_a_person.too_many_open", buttons=[STATUS])
            return Leave("fetch_a_person.too_many", {"wait": wait(talk, case.until, self.clock.now())})
        key = "sent_here" if talk.speaker.anonymous else "sent"
        return Leave(f"fetch_a_person.{key}", {"number": case.number}, [STATUS])

    # -- at any time ---------------------------------------------------------------------------

    async def status(self, talk: Talk) -> bool:
        """Say how the newest case stands; False when there is none."""
        cases = await self.journey.of(talk.speaker) if talk.speaker.personal else ()
        if not cases:
            return False
        case = next((one for one in cases if not one.closed), cases[0])
        await self._stands(talk, case, [FETCH] if case.closed else [_reply(case), _close(case)])
        return True

    async def close(self, talk: Talk) -> None:
        """The person needs no help any more."""
        number = talk.heard.pressed.get("case", "")
        case = await self.journey.close(number, talk.speaker) if talk.speaker.personal else None
        if case is None:
            await talk.say("fetch_a_person.no_such_case")
        else:
            await talk.say("fetch_a_person.closed", number=case.number, buttons=[FETCH])

    async def _stands(self, talk: Talk, case: HelpCase, buttons: list[Press] | None = None) -> None:
        at = moment(talk, case.changed_at, self.clock.now())
        if case.stage is Stage.ANSWERED:
            text = next(one.text for one in reversed(case.thread) if one.by is By.STAFF)
            await talk.say("fetch_a_person.stands.answered", buttons=buttons or (), number=case.number, moment=at,
                           text=markdown(text))
        else:
            await talk.say(f"fetch_a_person.stands.{case.stage}", buttons=buttons or (), number=case.number, moment=at)

    # -- cut short -----------------------------------------------------------------------------

    async def cancelled(self, talk: Talk) -> bool:
        await talk.say("fetch_a_person.cancelled")
        return True

    async def expired(self, talk: Talk) -> bool:
        await talk.say("fetch_a_person.expired")
        return True


def _tried(talk: Talk) -> tuple[Tried, ...]:
    return tuple(Tried(*one) for one in talk.memory.tried)


def _reply(case: HelpCase) -> Press:
    return Press("fetch_a_person.button.answer", {"do": "start", "journey": "fetch_a_person", "case": case.number})


def _close(case: HelpCase) -> Press:
    return Press("fetch_a_person.button.close", {"do": "help_close", "case": case.number})
