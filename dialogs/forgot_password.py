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
from bot.journeys.answers import Asked, NotACode, NotAName, Over, Page, Paused, Proven, Told, Wrong
from bot.journeys.forgot_password import ForgotPassword as Journey
from bot.rules.limits import Limits
from dialogs.shapes import account_name
from dialogs.talk import Again, Conversation, Good, Leave, Moved, Press, Reply, Step, Talk, Wait

MANY_MINUTES = 100          # from here on people count in hours

RESEND = Press("reset.button.resend", {"do": "resend"})
NEW_LINK = Press("reset.button.new_link", {"do": "new_link"})
CONTACT = Press("reset.button.contact", {"do": "topic", "topic": "contact-a-person"})
CANCEL = Press("common.button.cancel", {"do": "cancel"})
START = Press("reset.button.start", {"do": "start", "journey": "forgot_password"})


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
        if talk.heard.pressed or talk.says("answer.words_for_yes", "answer.words_for_no", "reset.words_for_no_name"):
            return Again("reset.which_account_again", buttons=[CANCEL])
        answer = await self.journey.begin(talk.speaker, account_name(talk.heard.text), talk.lang, talk.reference)
        if isinstance(answer, NotAName):
            if talk.mentions("reset.words_for_user_name", "reset.words_for_not_knowing"):
                return Again("reset.find_user_name", buttons=[CONTACT, CANCEL])
            return Again("reset.which_account_again", buttons=[CANCEL])
        if isinstance(answer, Paused):
            return Leave("reset.paused", {"wait": self._wait(talk, answer.until)})
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
                    "reset.email_code", self.email_code, fits="code", buttons=[RESEND, CANCEL],
                    minutes=self.limits.code_seconds // 60)
            case Proven():
                return await step.go_on()
            case Paused(until):
                await self.journey.cancel(step.talk.notes["case"], "too_many_codes")
                return await step.leave("reset.too_many_codes", wait=self._wait(step.talk, until))
            case Over(reason):
                return await step.leave(f"reset.over.{reason}")

    async def app_code(self, talk: Talk) -> Reply:
        reply = await self._proven(talk, "totp")
        if isinstance(reply, Good):
            # The whole flow is counted from its first proof (limit 13).
            talk.memory.until = self.clock.now() + self.limits.flow_seconds
        return reply

    async def email_code(self, talk: Talk) -> Reply:
        if talk.heard.pressed.get("do") == "resend":
            return await self._resend(talk)
        return await self._proven(talk, "email_code")

    async def _proven(self, talk: Talk, gate: str) -> Reply:
        """Whether what was typed proves the person at this gate."""
        if talk.heard.kind != "message":
            return Wait()
        answer = await self.journey.prove(talk.notes["case"], talk.speaker, gate, talk.heard.text)
        match answer:
            case Asked() | Proven():
                return Good()
            case NotACode():
                return Again("reset.not_a_code", {"digits": self.limits.code_digits})
            case Wrong(left):
                return Again("reset.wrong.last") if left == 1 else Again("reset.wrong.more", {"left": left})
            case Paused(until):
                return Leave("reset.paused", {"wait": self._wait(talk, until)})
            case Over(reason):
                return Leave(f"reset.over.{reason}", buttons=[START] if reason in ("expired", "too_many_tries") else [])

    async def secure_page(self, step: Step) -> Moved:
        if not await self._send_link(step.talk):
            told = await self.journey.outcome(step.talk.notes["case"])
            return await step.leave(f"reset.over.{told.reason or 'used'}", buttons=[START])
        return await step.ask(
            "reset.page.waiting", self.finished, words="reset.words_for_done", said=True, buttons=[NEW_LINK, CANCEL])

    async def finished(self, talk: Talk) -> Reply:
        """A knock, "done", or anything else said while the page is open: the case knows (design §3)."""
        told = await self.journey.outcome(talk.notes["case"])
        match told.end:
            case "done":
                return Leave("reset.done")
            case "refused":
                return Leave(f"reset.refused.{told.reason}", buttons=[START])
            case "ended":
                return Leave(f"reset.over.{told.reason}", buttons=[START])
        if talk.heard.kind != "message":
            return Wait()
        if told.end == "checking":
            return Again("reset.page.checking")
        if talk.heard.pressed.get("do") == "new_link":
            return Wait() if await self._send_link(talk) else Leave("reset.over.expired", buttons=[START])
        return Again("reset.page.waiting", buttons=[NEW_LINK, CANCEL])

    async def cancelled(self, talk: Talk) -> bool:
        return await self._stop(talk, "cancelled")

    async def expired(self, talk: Talk) -> bool:
        return await self._stop(talk, "expired")

    async def _stop(self, talk: Talk, reason: str) -> bool:
        """End the case and say how it ended: not always as wished (F1). False while nobody knows."""
        case_id = talk.notes.get("case")
        told = await self.journey.cancel(case_id, reason) if case_id else Told("ended", reason)
        match told.end:
            case "done":
                await talk.say("reset.done")
            case "refused":
                await talk.say(f"reset.refused.{told.reason}", buttons=[START])
            case "ended":
                await talk.say(f"reset.over.{told.reason}", buttons=[START] if told.reason == "expired" else [])
        return told.end in ("done", "refused", "ended")

    async def _resend(self, talk: Talk) -> Reply:
        sent = await self.journey.challenge(talk.notes["case"], talk.speaker)
        match sent:
            case Asked():
                return Again("reset.email_code_again", {"minutes": self.limits.code_seconds // 60})
            case Proven():
                return Good()
            case Paused(until):
                return Again("reset.no_more_codes", {"wait": self._wait(talk, until)})
            case Over(reason):
                return Leave(f"reset.over.{reason}", buttons=[START])

    async def _send_link(self, talk: Talk) -> bool:
        page = await self.journey.page(talk.notes["case"], talk.speaker)
        if not isinstance(page, Page):
            return False
        await talk.say("reset.page.open", buttons=[Press("reset.button.page", url=page.url)],
                       phrase=page.phrase, minutes=page.minutes)
        return True

    def _wait(self, talk: Talk, until: float) -> str:
        """How long to wait, in words, rounded up."""
        minutes = max(1, math.ceil((until - self.clock.now()) / 60))
        if minutes < MANY_MINUTES:
            return talk.words("common.wait.minute") if minutes == 1 else talk.words("common.wait.minutes", n=minutes)
        hours = math.ceil(minutes / 60)
        return talk.words("common.wait.hour") if hours == 1 else talk.words("common.wait.hours", n=hours)
