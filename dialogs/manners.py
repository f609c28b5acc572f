"""A greeting and thanks, in words that fit where the person is.

    person  (in the middle of a reset) hei
    bot     Hei! Vi fortsetter der vi var.
    person  (in Teams, not registered) hei
    bot     Hei! Du har ikke registrert nok til å lage nytt passord selv ennå. …         [Registrer]
    person  (in a group) hei
    bot     Hei! I en gruppe svarer jeg bare på spørsmål. …
"""

import asyncio
from dataclasses import dataclass

import structlog

from bot.errors import KeyturnError
from bot.rules.reminders import Wanted
from dialogs.my_status import MyStatus, own
from dialogs.offers import Offers
from dialogs.talk import Press, Talk

log = structlog.get_logger(__name__)

LABELS = frozenset({"greeting", "thanks"})

PATIENCE_SECONDS = 2.0      # a greeting waits for nobody's directory
TO_REGISTER = Press("reminders.button.register", {"do": "start", "journey": "register_method"})


@dataclass(frozen=True, slots=True)
class Manners:
    status: MyStatus
    offers: Offers

    async def tell(self, talk: Talk, label: str) -> bool:
        """Say it; False where the topic's own answer fits."""
        if talk.memory.stack:
            await talk.say("manners.greeting_meanwhile" if label == "greeting" else "manners.thanks_meanwhile")
        elif label != "greeting":
            return False
        elif not talk.speaker.personal:
            await talk.say("manners.greeting_group")
        elif own(talk):
            await self._owner(talk)
        elif not self.offers.to(talk.speaker):
            await talk.say("manners.greeting_questions")
        else:
            return False
        return True

    async def _owner(self, talk: Talk) -> None:
        if "register_method" in self.offers.to(talk.speaker) and await self._lacks(talk):
            await talk.say("manners.greeting_unregistered", buttons=[TO_REGISTER])
        else:
            await talk.say("manners.greeting_owner")

    async def _lacks(self, talk: Talk) -> bool:
        """Whether the owner could not get a new password here, and is not reminded of that anyway."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                status = await self.status.look(talk)
        except (KeyturnError, TimeoutError) as error:
            log.warning("greeted_without_a_look", error=type(error).__name__)
            return False
        return status is not None and not status.blocked and bool(status.ready.missing) \
            and status.asked is not Wanted.REGISTER
