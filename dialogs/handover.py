"""One conversation begins, ends, or makes way for another: what a wish, a button or an alarm brings about.

    person  (in the middle of a reset) det var ikke meg
    bot     Da stopper vi her. Ingenting er endret.
    bot     Da sperrer jeg selvbetjeningen for kontoen din …        [Ja, sperr kontoen]  [Avbryt]
"""

from dataclasses import dataclass

from dialogs.fetch_a_person import FetchAPerson
from dialogs.forget_me import ForgetMe
from dialogs.forgot_password import START
from dialogs.not_me import NotMe
from dialogs.offers import Offers
from dialogs.talk import Conversation, Floor, Press, Talk


@dataclass(frozen=True, slots=True)
class Handover:
    floor: Floor
    people: FetchAPerson
    not_me: NotMe
    forget_me: ForgetMe
    offers: Offers
    elsewhere: str                      # address of the web chat, for those who cannot start here

    def first_offer(self, talk: Talk) -> list[Press]:
        return [START] if "forgot_password" in self.offers.to(talk.speaker) else []

    def fetches(self, talk: Talk) -> bool:
        """Whether people can be fetched here."""
        return self.people.name in self.offers.to(talk.speaker)

    async def start(self, talk: Talk, journey: str) -> None:
        running = self.floor.running(talk.memory)
        speaker = talk.speaker
        if not speaker.personal:
            await talk.say("common.only_in_private")
        elif speaker.anonymous and not speaker.guest and not self.offers.here(speaker) and self.offers.visitors:
            await talk.say("common.in_web_chat", buttons=[Press("common.button.web_chat", url=self.elsewhere)])
        elif journey not in self.offers.to(speaker):
            await talk.say("common.not_offered")
        elif journey == self.people.name:
            await self._fetch(talk, running)
        elif running and running.name == journey:
            await self.floor.ask_again(talk)
        else:
            await self.floor.begin(talk, journey)

    async def _fetch(self, talk: Talk, running: Conversation | None) -> None:
        """People instead of what was under way: that ends first, and it is said how it stands (F1)."""
        if running is self.people and not talk.heard.pressed.get("case"):
            await self.floor.ask_again(talk)
        elif running and running is not self.people and not await running.cancelled(talk):
            await self.floor.go_on(talk)
        else:
            await self.floor.begin(talk, self.people.name)

    async def alarm(self, talk: Talk, running: Conversation | None) -> None:
        """"This wasn't me": before anything else that is under way; it is said how that stands (F1)."""
        if not talk.speaker.personal:
            await talk.say("common.only_in_private")
        elif talk.speaker.anonymous:
            await self.not_me.visitor(talk, fetches=self.fetches(talk))
            await self.floor.ask_again(talk)
        elif running is self.not_me:
            await self.floor.ask_again(talk)
        else:
            if running:
                await running.cancelled(talk)
            await self.floor.begin(talk, self.not_me.name)

    async def forget(self, talk: Talk, running: Conversation | None) -> None:
        """What is under way ends first; its record goes with the rest."""
        case = talk.notes.get("case", "")
        if not talk.speaker.personal:
            await talk.say("common.only_in_private")
        elif running is self.forget_me:
            await self.floor.ask_again(talk)
        elif running and not await running.cancelled(talk):
            await self.floor.go_on(talk)
        else:
            await self.floor.begin(talk, self.forget_me.name)
            talk.notes["case"] = case

    async def cancel(self, talk: Talk, running: Conversation) -> None:
        if await running.cancelled(talk):
            self.floor.end(talk.memory)
        else:
            # An effect is being settled: its knock must still find the conversation waiting (F1, F13).
            await self.floor.go_on(talk)
