"""Whatever is said in the middle of a reset is answered, and the question that waits stands at the end of it."""

import pytest

from bot.serving.desk import Desk
from tests.journeys.conftest import Visit
from tests.journeys.stage import Visitor, last, link_of, mailed_code, records, texts
from tests.support.clock import SteppedClock
from tests.support.people import code_for

# In each language of the two that are spoken here: what is said, and how the prompts and their hints begin.
SAID = {
    "nb-NO": [
        "hva er kravene til passord?", "hjelp", "english please", "norsk takk", "kan vi ta det på engelsk?",
        "på norsk igjen", "hæ", "ja", "nei", "takk", "hei", "jeg har ikke telefonen min", "jeg fikk ingen kode",
        "jeg vil snakke med et menneske", "koden er feil", "ferdig", "12 34", "passordet mitt er Sommer2026!", "😀",
        "er det trygt?", "hvor lenge gjelder koden?", "hva skjer nå?", "vet ikke"],
    "en-GB": [
        "what are the password rules?", "help", "norsk takk", "english please", "can we do this in Norwegian?",
        "in english please", "huh", "yes", "no", "thanks", "hi", "I don't have my phone", "I got no code",
        "I want to talk to someone", "the code is wrong", "done", "12 34", "my password is Hunter22!", "?",
        "is this safe?", "how long is the code valid?", "what happens next?", "no idea"],
}
NAME = ("Hvilken konto", "Jeg fant ikke noe brukernavn", "Brukernavnet er det", "Which account", "Your user name is",
        "I couldn't find a user name")
CODE = ("Koden skal ha", "The code should have")
APP = ("Åpne godkjenningsappen", "Open the authenticator app", "Da kan du bruke en av gjenopprettingskodene",
       "Then you can use one of your recovery codes", *CODE)
MAIL = ("Skriv koden jeg sendte", "Type the code I e-mailed", *CODE)
PAGE = ("Jeg venter på deg", "I'm waiting for you")


async def _interrupted(visitor: Visitor, clock: SteppedClock, prompt: tuple[str, ...]) -> None:
    for text in SAID[visitor.locale]:
        clock.advance(1)    # Nobody types faster than the web chat takes.
        said = texts(await visitor.ask(text))
        assert said[-1].startswith(prompt), (text, said)
        assert len(said) <= 2, (text, said)     # An answer and the question.


@pytest.mark.parametrize("locale", list(SAID))
async def test_a_reset_that_is_interrupted_at_every_prompt(
        desk: Desk, visit: Visit, clock: SteppedClock, locale: str) -> None:
    """Nothing that is said stops it, is taken for a name or a code, or makes it say what is not so."""
    name, start, slow = ("kari.nordmann", "Lag nytt passord", "vent litt") if locale == "nb-NO" else (
        "john.smith", "Set a new password", "hold on")
    visitor = await visit(desk, locale)
    await visitor.press(start)
    await visitor.quiet()
    await _interrupted(visitor, clock, NAME)
    assert not await records(desk)
    await visitor.ask(name)
    await _interrupted(visitor, clock, APP)
    assert texts(await visitor.ask(slow)) in (["Ta den tiden du trenger."], ["Take your time."])
    clock.advance(30)
    code = await code_for(desk, name)
    await visitor.ask(f"koden er {code[:3]} {code[3:]}")
    await _interrupted(visitor, clock, MAIL)
    code = await mailed_code(desk, name)
    link = link_of(await visitor.ask(f"it's {code[:3]}-{code[3:]}"))
    await _interrupted(visitor, clock, PAGE)
    assert (await visitor.page(link)).status == 200
    assert {one["outcome"] for one in await records(desk, "reset.proof")} == {"ok"}
    assert last(await visitor.ask("avbryt" if locale == "nb-NO" else "cancel")).startswith(("Da stopper", "All right"))
    assert (await visitor.page(link)).status == 404
