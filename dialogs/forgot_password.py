"""Resetting a forgotten password, in the web chat.

    person  jeg har glemt passordet
    bot     Hvilken konto gjelder det? Skriv brukernavnet eller jobbadressen.
    person  kari.nordmann@example.no
    bot     Åpne godkjenningsappen på telefonen og skriv koden på seks sifre.
    person  123 456
    bot     Takk. Nå har jeg sendt en kode til den private e-postadressen som er registrert.
    person  koden er 654321
    bot     Da vet jeg at det er deg. Velg nytt passord på en sikker side.  [Velg nytt passord ↗]
            (the person chooses a password on the page; the page knocks)
    bot     Passordet er byttet. Logg på med det nye på PC-en og telefonen.
"""

import math
from dataclasses import dataclass

from bot.clock import Clock
from bot.journeys.answers import Asked, NotACode, NotAName, Page, Paused, Proven, Told, Wrong
from bot.journeys.forgot_password import ForgotPassword as Journey
from bot.rules.case import WhyEnded, WhyRefused
from bot.rules.codes import canonical_code
from bot.rules.limits import Limits
from dialogs.shapes import account_name
from dialogs.talk import Again, Conversation, Good, Leave, Moved, Press, Reply, Step, Talk, Wait

PRESSED_TWICE = 3.0         # seconds
MANY_MINUTES = 100          # from here on people count in hours

RESEND = Press("reset.button.resend", {"do": "resend"})
NEW_LINK = Press("reset.button.new_link", {"do": "new_link"})
CONTACT = Press("reset.button.contact", {"do": "topic", "topic": "contact-a-person"})
CANCEL = Press("common.button.cancel", {"do": "cancel"})
START = Press("reset.button.start", {"do": "start", "journey": "forgot_password"})

# One word each, and hardly anybody's user name: whose it is can type the whole address.
NO_NAMES = ("answer.words_for_yes", "answer.words_for_no", "reset.words_for_done", "reset.words_for_no_name")
UNDER_WAY = ("waiting", "checking")
# Trying again at once would not help, or was not wished.
NOT_AGAIN = frozenset({
    WhyEnded.CANCELLED, WhyEnded.CONTACT_IT, WhyEnded.TOO_MANY_CODES,
    WhyRefused.CONTACT_IT, WhyRefused.TOO_MANY_RESETS})


def telling(told: Told) -> Again | Leave:
    """How a case stands, in words: "nothing was changed" only where that is known (F1)."""
    again = [] if told.reason in NOT_AGAIN else [START]
    match told.end:
        case "waiting":
            return Again("reset.page.waiting", buttons=[NEW_LINK, CANCEL])
        case "checking":
            return Again("reset.page.checking")
        case "done":
            return Leave("reset.done")
        case "refused":
            return Leave(f"reset.refused.{told.reason}", buttons=again)
        case "ended":
            return Leave(f"reset.over.{told.reason}", buttons=again)
        case "unknown":
            return Leave("reset.unknown", buttons=again)
        case "elsewhere":
            return Leave("reset.elsewhere", buttons=again)


@dataclass(frozen=True)
class ForgotPassword(Conversation):
    journey: Journey
    limits: Limits
    clock: Clock

    name = "forgot_password"
    steps = ("which_account", "typed_proof", "mailed_code", "secure_page")
    wish = "reset_password"
    help = "reset.help"

    async def which_account(self, step: Step) -> Moved:
        return await step.ask(
            "reset.which_account", self.named, fits="name", about="reset.words_for_user_name", buttons=[CANCEL])

    async def named(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        # What a button sends along as its text is no name.
        if talk.heard.pressed or talk.says(*NO_NAMES):
            return Again("reset.which_account_again", buttons=[CANCEL])
        answer = await self.journey.begin(talk.speaker, account_name(talk.heard.text), talk.lang, talk.reference)
        if isinstance(answer, NotAName):
            if talk.mentions("reset.words_for_user_name", "reset.words_for_not_knowing"):
                return Again("reset.find_user_name", buttons=[CONTACT, CANCEL])
            return Again("reset.which_account_again", buttons=[CANCEL])
        if isinstance(answer, Paused):
            return self._paused(talk, answer)
        talk.notes["case"] = answer.case_id
        talk.memory.until = self.clock.now() + self.limits.flow_seconds
        return Good()

    async def typed_proof(self, step: Step) -> Moved:
        return await step.ask("reset.totp", self.app_code, fits="code", buttons=[CANCEL])

    async def mailed_code(self, step: Step) -> Moved:
        sent = await self.journey.challenge(step.talk.notes["case"], step.talk.speaker)
        match sent:
            case Asked():
                return await step.ask(
                    "reset.email_code", self.email_code, fits="code", again="reset.email_code_waiting",
                    about="reset.words_for_resend", buttons=[RESEND, CANCEL], minutes=self.limits.code_seconds // 60)
            case Proven():
                return await step.go_on()
            case Paused(until):
                told = await self.journey.cancel(step.talk.notes["case"], WhyEnded.TOO_MANY_CODES)
                if told == Told("ended", WhyEnded.TOO_MANY_CODES):
                    return await step.leave("reset.too_many_codes", wait=self._wait(step.talk, until))
                return await self._stand_by(step, told)
            case Told():
                return await self._stand_by(step, sent)

    async def app_code(self, talk: Talk) -> Reply:
        reply = await self._proven(talk, "totp")
        if isinstance(reply, Good):
            # The whole flow is counted from its first proof (limit 13).
            talk.memory.until = self.clock.now() + self.limits.flow_seconds
        return reply

    async def email_code(self, talk: Talk) -> Reply:
        typed = talk.mentions("reset.words_for_resend") and canonical_code(
            talk.heard.text, self.limits.code_digits) is None
        if talk.heard.pressed.get("do") == "resend" or typed:
            return await self._resend(talk)
        return await self._proven(talk, "email_code")

    async def _proven(self, talk: Talk, gate: str) -> Reply:
        """Whether what was typed proves the person at this gate."""
        if talk.heard.kind != "message":
            # After a crash the page may be ahead of what this conversation remembers.
            told = await self.journey.outcome(talk.notes["case"])
            return Wait() if told.end in UNDER_WAY else telling(told)
        answer = await self.journey.prove(talk.notes["case"], talk.speaker, gate, talk.heard.text)
        match answer:
            case Asked() | Proven():
                return Good()
            case NotACode():
                return Again("reset.not_a_code", {"digits": self.limits.code_digits}, [CANCEL])
            case Wrong(left):
                facts, how = ({}, "last") if left == 1 else ({"left": left}, "more")
                return Again(f"reset.wrong.{how}", facts, [RESEND, CANCEL] if gate == "email_code" else [])
            case Paused():
                return self._paused(talk, answer)
            case Told():
                return telling(answer)

    async def secure_page(self, step: Step) -> Moved:
        if told := await self._send_link(step.talk):
            return await self._stand_by(step, told)
        return await step.ask(
            "reset.page.waiting", self.finished, words="reset.words_for_done",
            about="reset.words_for_new_link", said=True, buttons=[NEW_LINK, CANCEL])

    async def finished(self, talk: Talk) -> Reply:
        """A knock, "done", or anything else said while the page is open: the case knows (design §3)."""
        told = await self.journey.outcome(talk.notes["case"])
        if told.end in UNDER_WAY and talk.heard.kind != "message":
            return Wait()
        wished = talk.heard.pressed.get("do") == "new_link" or talk.mentions("reset.words_for_new_link")
        if told.end == "waiting" and wished:
            if self._just_done(talk, "linked"):
                return Wait()
            late = await self._send_link(talk)
            return telling(late) if late else Wait()
        return telling(told)

    async def cancelled(self, talk: Talk) -> bool:
        return await self._stop(talk, WhyEnded.CANCELLED)

    async def expired(self, talk: Talk) -> bool:
        return await self._stop(talk, WhyEnded.EXPIRED)

    async def _stop(self, talk: Talk, reason: WhyEnded) -> bool:
        """End the case and say how it ended: not always as wished (F1). False while nobody knows."""
        case_id = talk.notes.get("case")
        told = await self.journey.cancel(case_id, reason) if case_id else Told("ended", reason)
        if told.end in UNDER_WAY:
            return False
        last = telling(told)
        await talk.say(last.key, buttons=last.buttons)
        return True

    async def _stand_by(self, step: Step, told: Told) -> Moved:
        """A step cannot go on: say how the case stands, and wait if that is not its end."""
        last = telling(told)
        if isinstance(last, Leave):
            return await step.leave(last.key, buttons=last.buttons)
        return await step.ask(last.key, self.finished)

    async def _resend(self, talk: Talk) -> Reply:
        if self._just_done(talk, "sent"):
            return Wait()
        sent = await self.journey.challenge(talk.notes["case"], talk.speaker)
        match sent:
            case Asked():
                talk.notes["sent"] = self.clock.now()
                return Again("reset.email_code_again", {"minutes": self.limits.code_seconds // 60})
            case Proven():
                return Good()
            case Paused(until):
                return Again("reset.no_more_codes", {"wait": self._wait(talk, until)})
            case Told():
                return telling(sent)

    async def _send_link(self, talk: Talk) -> Told | None:
        """Say where the page is; how the case stands when there can be none."""
        page = await self.journey.page(talk.notes["case"], talk.speaker)
        if not isinstance(page, Page):
            return page
        await talk.say("reset.page.open", buttons=[Press("reset.button.page", url=page.url)],
                       phrase=page.phrase, minutes=page.minutes)
        talk.notes["linked"] = self.clock.now()
        return None

    def _just_done(self, talk: Talk, what: str) -> bool:
        """Whether a button was pressed twice: the first press was answered, and undoing that helps nobody."""
        return self.clock.now() - float(talk.notes.get(what, 0)) < PRESSED_TWICE

    def _paused(self, talk: Talk, paused: Paused) -> Leave:
        key = "reset.paused_everywhere" if paused.everybody else "reset.paused"
        return Leave(key, {"wait": self._wait(talk, paused.until)})

    def _wait(self, talk: Talk, until: float) -> str:
        """How long to wait, in words, rounded up."""
        minutes = max(1, math.ceil((until - self.clock.now()) / 60))
        if minutes < MANY_MINUTES:
            return talk.words("common.wait.minute") if minutes == 1 else talk.words("common.wait.minutes", n=minutes)
        hours = math.ceil(minutes / 60)
        return talk.words("common.wait.hour") if hours == 1 else talk.words("common.wait.hours", n=hours)
