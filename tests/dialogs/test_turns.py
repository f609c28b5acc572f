"""What a turn says when a conversation in it meets what it cannot settle."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.errors import Conflict
from dialogs.talk import Conversation, Floor, Good, Moved, Reply, Step, Talk
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import house


@dataclass(frozen=True)
class Contested(Conversation):
    """Loses its first answer to somebody else."""

    lost: list[str] = field(default_factory=list)

    name = "contested"
    steps = ("asking", "thanking")
    wish = "nothing"
    help = "reset.help"

    async def asking(self, step: Step) -> Moved:
        return await step.ask("case.which_account", self.answered)

    async def answered(self, talk: Talk) -> Reply:
        if not self.lost:
            self.lost.append(talk.heard.text)
            raise Conflict("case")
        return Good()

    async def thanking(self, step: Step) -> Moved:
        return await step.leave("answer.helped.thanks")


async def test_a_conflict_within_a_turn_is_said_and_the_same_can_be_said_again(redis_url: str, tmp_path: Path) -> None:
    """F9: nobody is left without an answer, and nothing that was half done is remembered."""
    async with house(redis_url, tmp_path, SteppedClock()) as desk:
        usual, floor = desk.turns.desk, Floor([Contested()])
        offers = replace(usual.handover.offers, journeys={"contested": "reset"})
        handover = replace(usual.handover, floor=floor, offers=offers)
        buttons = replace(usual.buttons, floor=floor, handover=handover)
        desk.turns = replace(desk.turns, desk=replace(usual, floor=floor, handover=handover, buttons=buttons))
        async with Chat(desk.site.base_url) as chat:
            await chat.hear()
            await chat.say("", value={"keyturn": {"do": "start", "journey": "contested"}})
            assert (await chat.hear()).text.startswith("Hvilken konto")
            await chat.say("xyzzy plugh")
            assert (await chat.hear()).text.startswith("Noe skjedde to steder på én gang")
            await chat.say("xyzzy plugh")
            assert (await chat.hear()).text.startswith("Fint!")
            assert await chat.quiet() == []
