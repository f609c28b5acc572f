"""Explaining an error somebody pasted: what it means, whose move it is, and the way on.

    person  det står SSPR_0014 når jeg prøver
    bot     Siden har for lite å kjenne deg igjen på …  Brukerstøtte må hjelpe deg inn denne gangen …
            [For administratorer] [Registrere sikkerhetsinformasjon]      Hjalp dette?  [Ja] [Nei]
    person  (presses For administratorer)
    bot     Brukeren har færre registrerte metoder enn policyen krever …   [Les mer hos Microsoft]
    person  feilkode AADSTS50057
    bot     Denne meldingen kommer når en pålogging ikke går gjennom …     (the same whatever the account, E1)
    person  SSPR_0099
    bot     Koden SSPR_0099 kjenner jeg ikke …         [Snakke med et menneske]
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.channel.cards import Button
from bot.content import Content, KnownError
from bot.store.ratings import GIVEN, NO, YES, Ratings
from dialogs.offers import Offers
from dialogs.talk import Question, Talk

RATED = "error:"            # before an error's id, where topics have their bare ids
MOST_OTHERS = 3             # codes in the same paste that are offered
PEOPLE = "contact-a-person"
GUARDED_JOURNEY = "forgot_password"
GUARDED_TOPIC = "account-locked"
BUTTON_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class ExplainError:
    """Explains by error id."""

    content: Content
    ratings: Ratings
    offers: Offers

    async def explain(self, talk: Talk, ids: Sequence[str], *, aside: bool = False) -> None:
        """Explain the first, offer the others; `aside` is in the middle of something else."""
        error = self.content.errors[ids[0]]
        # Of a guarded one not even that it was asked about (E1).
        if not error.guarded:
            talk.note_tried("error", error.id)
            self.ratings.note(RATED + error.id, talk.lang, GIVEN)
        rated = RATED + error.id
        talk.memory.about = [rated]
        ask = not aside and rated not in talk.memory.rated
        if ask:
            talk.memory.rated = [*talk.memory.rated[-20:], rated]
            talk.memory.topic = rated
        buttons = [*self._administrators(talk, error), *self._others(talk, ids[1:]),
                   *([] if aside else self._ways_on(talk, error))]
        await talk.say_text(self._text(talk, error), buttons, self._helped(talk, error) if ask else None)

    async def administrator(self, talk: Talk, error_id: str) -> None:
        """What the code means for whoever runs the system; nothing about any account."""
        await talk.say_text(self._admin_text(talk, self.content.errors[error_id]))

    async def unknown(self, talk: Talk, code: str) -> None:
        """Say honestly that nobody told us about this code, and what the helpdesk will need."""
        talk.memory.about = [RATED]
        await talk.say_text(talk.words("explain.unknown", code=code), [self._to_topic(talk, PEOPLE)])

    async def rate(self, talk: Talk, error_id: str, helped: bool) -> None:
        """Keep whether the explanation helped; if not, point to people."""
        self.ratings.note(RATED + error_id, talk.lang, YES if helped else NO)
        if helped:
            await talk.say("answer.helped.thanks")
        else:
            await self.alternatives(talk)

    async def alternatives(self, talk: Talk) -> None:
        """Where to go on when an explanation was of no use."""
        await talk.say_text(talk.words("explain.not_helped"), [self._to_topic(talk, PEOPLE)])

    async def still(self, talk: Talk, error_id: str) -> None:
        """Nothing more is known of what was asked about an error, known or not: what can be done about it."""
        error = self.content.errors.get(error_id)
        buttons = [*self._administrators(talk, error), *self._ways_on(talk, error)] if error else []
        if not any(one.value and one.value.get("topic") == PEOPLE for one in buttons):
            buttons.append(self._to_topic(talk, PEOPLE))
        await talk.say_text(talk.words("explain.still"), buttons)

    def knows(self, error_id: str) -> bool:
        return error_id in self.content.errors

    def _text(self, talk: Talk, error: KnownError) -> str:
        if error.guarded:
            return _lines(talk.words("explain.guarded"))
        if error.audience == "user":
            return _lines(error.texts[talk.lang].user)
        return talk.words("explain.for_administrator") + "\n\n" + self._admin_text(talk, error)

    def _admin_text(self, talk: Talk, error: KnownError) -> str:
        text = error.texts[talk.lang]
        links = [f"[{talk.words('explain.read_more')}]({address})" for address in text.links]
        return "\n\n".join([_lines(text.admin), *(["  \n".join(links)] if links else [])])

    def _administrators(self, talk: Talk, error: KnownError) -> list[Button]:
        """Where what was said is not for administrators anyway."""
        if not error.guarded and error.audience != "user":
            return []
        return [Button(talk.words("answer.button.admin"), {"do": "error_admin", "error": error.id})]

    def _ways_on(self, talk: Talk, error: KnownError) -> list[Button]:
        """The journey, where it is offered here (I3, I4), and the topic; for a guarded error always the same ones."""
        journey, topic = (GUARDED_JOURNEY, GUARDED_TOPIC) if error.guarded else (error.journey, error.topic)
        found = []
        if journey and journey in self.offers.to(talk.speaker):
            start = self.offers.button(journey)
            found.append(Button(talk.words(start.key), start.value))
        return [*found, self._to_topic(talk, topic)] if topic else found

    def _others(self, talk: Talk, ids: Sequence[str]) -> list[Button]:
        return [Button(self._name(self.content.errors[one]), {"do": "error", "error": one})
                for one in ids[:MOST_OTHERS]]

    def _name(self, error: KnownError) -> str:
        """How the error is called on a button: its code, and what tells it from others with the same."""
        code = error.codes[0]
        shared = sum(code in other.codes for other in self.content.errors.values()) > 1
        return (f"{code} ({error.contexts[0]})" if shared and error.contexts else code)[:BUTTON_CHARACTERS]

    def _to_topic(self, talk: Talk, topic_id: str) -> Button:
        return Button(self.content.topics[topic_id].texts[talk.lang].title, {"do": "topic", "topic": topic_id})

    def _helped(self, talk: Talk, error: KnownError) -> Question:
        return Question(talk.words("answer.helped.ask"), [
            Button(talk.words(f"answer.button.{word}"), {"do": "error_helped", "error": error.id, "was": word})
            for word in ("yes", "no")])


def _lines(text: str) -> str:
    # Two spaces before the line's end: Markdown keeps the short lines apart.
    return text.replace("\n", "  \n")
