"""What the buttons do: each chooses among what anybody may ask for, and decides nothing else (I6).

    person  (presses Vis trinnene)
    bot     1. Gå til …
    person  (presses a button of yesterday's reset)
    bot     Den knappen hører til noe vi er ferdige med. …
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dialogs.answer_question import AnswerQuestion
from dialogs.explain_error import RATED, ExplainError
from dialogs.handover import Handover
from dialogs.my_status import MyStatus
from dialogs.offers import FETCH, PERSON
from dialogs.reminders import Reminders
from dialogs.talk import Conversation, Floor, Talk

# Buttons that stand below a prompt only.
OF_A_PROMPT = frozenset({"cancel", "resend", "recovery", "new_link"})

AT_ANY_TIME = frozenset({"help_status", "help_close", "not_me", "events", "forget_me"})
ERROR_BUTTONS = frozenset({"error", "error_admin", "error_helped"})


@dataclass(frozen=True, slots=True)
class Buttons:
    floor: Floor
    answers: AnswerQuestion
    errors: ExplainError
    status: MyStatus
    reminders: Reminders
    handover: Handover

    async def pressed(self, talk: Talk, running: Conversation | None) -> None:
        pressed = talk.heard.pressed
        topic = pressed.get("topic", "")
        do = pressed.get("do", "")
        error = pressed.get("error", "")
        if do in ("topic", "steps", "admin", "helped") and not self.answers.knows(topic):
            do = ""
        match do:
            case _ if do in ERROR_BUTTONS and self.errors.knows(error):
                await self._of_error(talk, do, error, aside=running is not None)
                await self.floor.ask_again(talk)
            case _ if do in AT_ANY_TIME:
                await self._at_any_time(talk, do, running)
            case "start":
                await self.handover.start(talk, pressed.get("journey", ""))
            case "topic":
                talk.memory.misses = 0
                await self.answers.answer(talk, topic, aside=running is not None)
                await self.floor.ask_again(talk)
            case "steps" | "admin":
                await self.answers.more(talk, topic, do)
                await self.floor.ask_again(talk)
            case "helped":
                await self.answers.rate(talk, topic, pressed.get("was") == "yes")
                await self.floor.ask_again(talk)
            case "cancel" if running:
                await self.handover.cancel(talk, running)
            case _ if not await self.reminders.pressed(talk):
                await self._of_prompt(talk, running)

    def typed(self, talk: Talk, running: Conversation | None) -> Mapping[str, str]:
        """What a button does whose very words were typed, as people do where it cannot be pressed; empty for none."""
        if running and (named := self.floor.named(talk)):
            return named
        people = PERSON if running else FETCH
        return people.value if talk.is_called(people) else {}

    async def _of_error(self, talk: Talk, do: str, error: str, *, aside: bool) -> None:
        match do:
            case "error":
                await self.errors.explain(talk, [error], aside=aside)
            case "error_admin":
                await self.errors.administrator(talk, error)
            case "error_helped":
                await self.errors.rate(talk, error, talk.heard.pressed.get("was") == "yes")

    async def _at_any_time(self, talk: Talk, do: str, running: Conversation | None) -> None:
        people = self.handover.people
        match do:
            case "not_me":
                await self.handover.alarm(talk, running)
                return
            case "forget_me":
                await self.handover.forget(talk, running)
                return
            case "events":
                await self.status.tell_events(talk)
            case "help_close":
                await people.close(talk)
                if running is people:
                    self.floor.end(talk.memory)
            case "help_status" if not await people.status(talk):
                await talk.say("fetch_a_person.no_such_case")
        await self.floor.ask_again(talk)

    async def _of_prompt(self, talk: Talk, running: Conversation | None) -> None:
        if running and self.floor.offers(talk.memory, talk.heard.pressed):
            await self.floor.go_on(talk)
        elif running:
            await talk.say("common.not_that_button")
            await self.floor.ask_again(talk)
        else:
            await talk.say("common.stale_button")


def more_of(pressed: Mapping[str, str]) -> str:
    """What a button shows more of: a topic or an error, as `Memory.topic` has them; empty when it is another button."""
    if pressed.get("do") == "error_admin":
        return RATED + pressed.get("error", "")
    return pressed.get("topic", "") if pressed.get("do") in ("steps", "admin") else ""
