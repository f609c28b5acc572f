"""What this person can have done here: said to who asks for help with nothing under way.

    person  hjelp
    bot     Jeg er en bot, ikke et menneske …
            Her kan vi ordne dette, når jeg vet at det er deg.       [Lag nytt passord] [Lås opp kontoen min] …
"""

from dataclasses import dataclass

from dialogs.my_status import EVENTS, own
from dialogs.offers import Offers
from dialogs.talk import Press, Talk

TOPIC = "what-can-you-do"


@dataclass(frozen=True, slots=True)
class WhatHere:
    offers: Offers

    async def tell(self, talk: Talk) -> None:
        offered = self.offers.to(talk.speaker)
        buttons = [self.offers.button(name) for name in self.offers.journeys if name in offered]
        if own(talk):
            buttons.append(EVENTS)
        await talk.say_lines(
            [talk.words(f"what_here.{one}") for one in ("bot", self._where(talk, buttons), "how", "never")], buttons)

    def _where(self, talk: Talk, buttons: list[Press]) -> str:
        if not talk.speaker.personal:
            return "group"
        return "here" if buttons else "questions"
