"""The beginning that every account conversation has: which account, and proof that it is the person's own.

    bot     Hvilken konto gjelder det? …                    (asked of visitors only: in Teams it is the speaker's)
    person  kari.nordmann@example.no
    bot     Åpne godkjenningsappen på telefonen og skriv koden på seks sifre.   [Jeg har ikke telefonen] [Avbryt]
    person  123 456
    bot     Takk. Nå har jeg sendt en kode til den private e-postadressen …     (visitors only)
    person  koden er 654321
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.clock import Clock
from bot.journeys.answers import Asked, Cannot, NotACode, NotAName, Page, Paused, Proven, Told, Wrong
from bot.journeys.casework import IN_TEAMS, PROVE, Casework
from bot.rules.case import WhyEnded, WhyNot, WhyRefused
from bot.rules.codes import canonical_code
from bot.rules.limits import Limits
from bot.rules.policy import OWNER
from bot.rules.registered import APP, EMAIL_CODE, IT_CODE, NEW_ADDRESS, STEP_UP, TOTP
from dialogs.not_me import NOT_ME
from dialogs.offers import CANCEL, PERSON
from dialogs.shapes import account_name
from dialogs.talk import Again, Conversation, Good, InWindows, Leave, Moved, Press, Reply, Step, Talk, Wait
from dialogs.times import moment, wait

PRESSED_TWICE = 3.0         # seconds

RESEND = Press("case.button.resend", {"do": "resend"})
RECOVERY = Press("case.button.recovery", {"do": "recovery"})
HAVE_IT_CODE = Press("case.button.it_code", {"do": "recovery"})
NEW_LINK = Press("case.button.new_link", {"do": "new_link"})
RESET = Press("forgot_password.button.start", {"do": "start", "journey": "forgot_password"})

# Where the directory's own page does what cannot be done here: names of links.
OFFICIAL: Mapping[str, str] = {
    WhyNot.SYNCED: "sspr", WhyNot.SYNCED_UNREGISTERED: "secinfo", WhyNot.CHANGE_ELSEWHERE: "change",
    WhyRefused.CHANGE_ASKS_MORE: "change"}

REGISTER = Press("register_method.button.start", {"do": "start", "journey": "register_method"})

AT_GATE: Mapping[str, Sequence[Press]] = {
    APP: (CANCEL,), TOTP: (RECOVERY, CANCEL), STEP_UP: (RECOVERY, CANCEL),
    IT_CODE: (HAVE_IT_CODE, PERSON, CANCEL),
    EMAIL_CODE: (RESEND, CANCEL), NEW_ADDRESS: (RESEND, CANCEL)}
MAILED = (EMAIL_CODE, NEW_ADDRESS)
# What is said at a gate that is no code: lists of phrases.
RESENT, NO_MAIL, OTHER_ACCOUNT = "case.words_for_resend", "case.words_for_no_mail", "case.words_for_other_account"
NO_PHONE = "case.words_for_no_phone"
INSTEAD: Mapping[str, str] = {APP: NO_PHONE, TOTP: NO_PHONE, STEP_UP: NO_PHONE, IT_CODE: "case.words_for_it_code"}
# Where a code that the chat must not see is typed, in words by the gate it is for.
ON_PAGE_FOR = {TOTP: "recovery_page", STEP_UP: "step_up_page", IT_CODE: "it_code_page"}

# One word each, and hardly anybody's user name: whose it is can type the whole address.
NO_NAMES = ("answer.words_for_yes", "answer.words_for_no", "case.words_for_done", "case.words_for_no_name")
# What a pause of the account ended, and how its owner is told until when it lasts.
UNTIL: Mapping[tuple[str, str], str] = {
    ("refused", WhyRefused.PAUSED): "case.refused.paused_until",
    ("refused", WhyRefused.TOO_MANY_TRIES): "case.refused.paused_until",
    ("ended", WhyEnded.TOO_MANY_TRIES): "case.over.too_many_tries_until"}
UNDER_WAY = ("waiting", "checking")
# Trying again at once would not help, or was not wished.
NOT_AGAIN = frozenset({
    WhyEnded.CANCELLED, WhyEnded.CONTACT_IT, WhyEnded.TOO_MANY_CODES,
    WhyRefused.CHANGE_ELSEWHERE, WhyRefused.CHANGE_ASKS_MORE, WhyRefused.CONTACT_IT, WhyRefused.TOO_MANY,
    WhyRefused.NOT_LOCKED, WhyRefused.EXPIRED_PASSWORD})


@dataclass(frozen=True)
class Proving(Conversation):
    """A conversation about one case. `start` is the button that begins it anew."""

    journey: Casework
    limits: Limits
    clock: Clock

    start: ClassVar[Press]

    # -- which account -------------------------------------------------------------------------

    async def which_account(self, step: Step) -> Moved:
        talk = step.talk
        if beyond := self.journey.beyond(talk.speaker):
            return await step.take(self._cannot(talk, beyond))
        if not talk.speaker.anonymous:
            begun = await self.journey.begin(talk.speaker, talk.lang, talk.reference)
            return await step.take(self._begun(talk, begun))
        return await step.ask(
            "case.which_account", self.named, fits="name", about="case.words_for_user_name", buttons=[CANCEL])

    async def named(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        # What a button sends along as its text is no name.
        if talk.heard.pressed or talk.says(*NO_NAMES):
            return Again("case.which_account_again", buttons=[CANCEL])
        return self._begun(talk, await self.journey.begin(
            talk.speaker, talk.lang, talk.reference, account_name(talk.heard.text)))

    def _begun(self, talk: Talk, answer: Asked | Proven | NotAName | Paused | Cannot) -> Reply:
        match answer:
            case NotAName():
                if talk.mentions("case.words_for_user_name", "case.words_for_not_knowing"):
                    return Again("case.find_user_name", buttons=[PERSON, CANCEL])
                return Again("case.which_account_again", buttons=[CANCEL])
            case Paused():
                return self._paused(talk, answer)
            case Cannot():
                return self._cannot(talk, answer)
            case Asked() | Proven():
                talk.notes["case"] = answer.case_id
                talk.memory.until = self.clock.now() + self.limits.flow_seconds
                return Good()

    # -- proofs --------------------------------------------------------------------------------

    async def first_proof(self, step: Step) -> Moved:
        return await self._next_gate(step)

    async def second_proof(self, step: Step) -> Moved:
        return await self._next_gate(step)

    async def _next_gate(self, step: Step) -> Moved:
        """Ask for the next proof, or go on when there is none left."""
        talk = step.talk
        sent = await self.journey.challenge(talk.notes["case"], talk.speaker)
        match sent:
            case Asked(_, gate):
                talk.notes["gate"] = gate
                if gate in MAILED:
                    return await step.ask(
                        f"case.gate.{gate}", self.proof, fits="code", again=f"case.gate.{gate}_waiting",
                        about=f"{RESENT} {NO_MAIL} {OTHER_ACCOUNT}", buttons=AT_GATE[gate],
                        minutes=self.limits.code_seconds // 60)
                return await step.ask(
                    f"case.gate.{gate}", self.proof, fits="code", about=f"{INSTEAD[gate]} {OTHER_ACCOUNT}",
                    buttons=AT_GATE[gate])
            case Proven():
                return await step.go_on()
            case Paused(until):
                told = await self.journey.cancel(talk.notes["case"], WhyEnded.TOO_MANY_CODES)
                if told == Told("ended", WhyEnded.TOO_MANY_CODES):
                    return await step.leave("case.too_many_codes", wait=wait(talk, until, self.clock.now()))
                return await self._stand_by(step, told)
            case Told():
                return await self._stand_by(step, sent)

    async def proof(self, talk: Talk) -> Reply:
        """Whether what was typed here, or on the page for recovery codes, proves the person at this gate."""
        reply = await self._at_gate(talk, talk.notes["gate"])
        if isinstance(reply, Good) and not talk.notes.get("proven"):
            # The whole flow is counted from its first proof (limit 13).
            talk.notes["proven"] = True
            talk.memory.until = self.clock.now() + self.limits.flow_seconds
        return reply

    async def _at_gate(self, talk: Talk, gate: str) -> Reply:
        if talk.heard.kind != "message":
            # The page, or a turn whose end nobody heard of, may be ahead of what this conversation remembers.
            stands = await self.journey.stands(talk.notes["case"], talk.speaker)
            if isinstance(stands, Told):
                return Wait() if stands.end in UNDER_WAY else self.telling(stands)
            return Wait() if isinstance(stands, Asked) and stands.gate == gate else Good()
        pressed = talk.heard.pressed.get("do")
        no_code = canonical_code(talk.heard.text, self.limits.code_digits) is None
        if talk.speaker.anonymous and no_code and talk.mentions(OTHER_ACCOUNT):
            return await self._other_account(talk)
        if gate in MAILED and (pressed == "resend" or (no_code and talk.mentions(RESENT))):
            return await self._resend(talk, gate)
        if gate in MAILED and no_code and talk.mentions(NO_MAIL):
            return Again(f"case.gate.{gate}_waiting", {"minutes": self.limits.code_seconds // 60}, AT_GATE[gate])
        if gate == IT_CODE and no_code and pressed != "recovery" and not talk.mentions(INSTEAD[gate]):
            return Again("case.gate.it_code_again", buttons=AT_GATE[gate])
        if gate not in MAILED and (
                gate == IT_CODE or pressed == "recovery" or (no_code and talk.mentions(INSTEAD[gate]))):
            if gate == APP:
                return Again("case.only_the_app", buttons=[PERSON, CANCEL])
            return await self._to_page_for_codes(talk, gate)
        answer = await self.journey.prove(talk.notes["case"], talk.speaker, gate, talk.heard.text)
        if isinstance(answer, Told):
            return await self._ending(talk, answer)
        return self._judged(talk, gate, answer)

    def _judged(self, talk: Talk, gate: str, answer: Asked | Proven | Wrong | NotACode | Paused) -> Reply:
        match answer:
            case Asked() | Proven():
                return Good()
            case NotACode():
                return Again("case.not_a_code", {"digits": self.limits.code_digits}, AT_GATE[gate])
            case Wrong(left):
                facts, how = ({}, "last") if left == 1 else ({"left": left}, "more")
                # Whose account it is nobody knows yet: a slip in the name looks like a wrong code (E1).
                of_visitor = talk.speaker.anonymous and gate == TOTP
                key = f"case.wrong_for_visitor.{how}" if of_visitor else f"case.wrong.{how}"
                return Again(key, facts, AT_GATE[gate])
            case Paused():
                return self._paused(talk, answer)

    async def _other_account(self, talk: Talk) -> Reply:
        told = await self.journey.cancel(talk.notes["case"], WhyEnded.CANCELLED)
        if told == Told("ended", WhyEnded.CANCELLED):
            return Leave("case.other_account", buttons=[self.start])
        return self.telling(told)

    async def _resend(self, talk: Talk, gate: str) -> Reply:
        if self._just_done(talk, "sent"):
            return Wait()
        sent = await self.journey.challenge(talk.notes["case"], talk.speaker)
        match sent:
            case Asked():
                talk.notes["sent"] = self.clock.now()
                return Again(f"case.gate.{gate}_again", {"minutes": self.limits.code_seconds // 60}, AT_GATE[gate])
            case Proven():
                return Good()
            case Paused(until):
                return Again("case.no_more_codes", {"wait": wait(talk, until, self.clock.now())}, [CANCEL])
            case Told():
                return self.telling(sent)

    async def _to_page_for_codes(self, talk: Talk, gate: str) -> Reply:
        if self._just_done(talk, "linked"):
            return Wait()
        where = ON_PAGE_FOR[gate]
        told = await self._lead_to_page(
            talk, (f"case.{where}", f"case.{where}_in_window"), f"case.button.{where}", PROVE)
        return self.telling(told) if told else Wait()

    # -- the operation's own page --------------------------------------------------------------

    async def secure_page(self, step: Step) -> Moved:
        if told := await self._send_link(step.talk):
            return await self._stand_by(step, told)
        return await step.ask(
            "case.page.waiting", self.finished, words="case.words_for_done",
            about="case.words_for_new_link", said=True, buttons=[NEW_LINK, CANCEL])

    async def finished(self, talk: Talk) -> Reply:
        """A knock, "done", or anything else said while the page is open: the case knows (design §3)."""
        told = await self.journey.outcome(talk.notes["case"])
        if told.end in UNDER_WAY and talk.heard.kind != "message":
            return Wait()
        wished = talk.heard.pressed.get("do") == "new_link" or talk.mentions("case.words_for_new_link")
        if told.end == "waiting" and wished:
            if self._just_done(talk, "linked"):
                return Wait()
            late = await self._send_link(talk, again=True)
            return self.telling(late) if late else Wait()
        return await self._ending(talk, told)

    async def _send_link(self, talk: Talk, *, again: bool = False) -> Told | None:
        return await self._lead_to_page(
            talk, (f"{self.name}.page", f"{self.name}.page_in_window"), f"{self.name}.button.page", again=again)

    async def _lead_to_page(self, talk: Talk, keys: tuple[str, str], button: str, purpose: str = "", *,
                            again: bool = False) -> Told | None:
        """Say where the page is, by a link or in a window; how the case stands when there can be none.

        In Teams it is a window, and its ticket is minted when the person opens it; `again`: who asks for another
        way to it, because it does not open perhaps, is given a link.
        """
        window = talk.windows is InWindows.ONLY or (talk.windows is InWindows.YES and not again)
        lead = self.journey.page_ahead if window else self.journey.page
        page = await lead(talk.notes["case"], talk.speaker, purpose)
        if not isinstance(page, Page):
            return page
        by_link, in_window = keys
        if window:
            await talk.say(in_window, buttons=[Press(button, {"do": "page"}, dialog=True)], phrase=page.phrase)
        else:
            await talk.say(by_link, buttons=[Press(button, url=page.url)], phrase=page.phrase, minutes=page.minutes)
        talk.notes["linked"] = self.clock.now()
        return None

    async def open_page(self, talk: Talk, asked: Mapping[str, Any]) -> Leave | None:
        """The page that the waiting prompt is about, whatever the button said of it (I6); for whoever pressed it."""
        gate = talk.notes.get("gate", "")
        if asked.get("words") == "case.words_for_done":
            purpose, title = "", f"{self.name}.button.page"
        elif asked.get("check") == self.proof.__name__ and gate in ON_PAGE_FOR:
            purpose, title = PROVE, f"case.button.{ON_PAGE_FOR[gate]}"
        else:
            return await super().open_page(talk, asked)
        page = await self.journey.page(talk.notes["case"], talk.speaker, purpose)
        if isinstance(page, Page):
            await talk.open_window(title, page.url + IN_TEAMS)
            return None
        told = self.telling(page)
        await talk.open_nothing(told.key, **told.facts)
        return told if isinstance(told, Leave) else None

    def _just_done(self, talk: Talk, what: str) -> bool:
        """Whether a button was pressed twice: the first press was answered, and undoing that helps nobody."""
        return self.clock.now() - float(talk.notes.get(what, 0)) < PRESSED_TWICE

    # -- how it ends ---------------------------------------------------------------------------

    def telling(self, told: Told) -> Again | Leave:
        """How a case stands, in words: "nothing was changed" only where that is known (F1)."""
        match told.end:
            case "waiting":
                return Again("case.page.waiting", buttons=[NEW_LINK, CANCEL])
            case "checking":
                return Again("case.checking")
            case "done" if told.reason == "waits":
                return Leave(f"{self.name}.done_waits", buttons=[NOT_ME])
            case "done":
                return self.done()
            case "refused":
                return Leave(f"case.refused.{told.reason}", buttons=self.what_now(told.reason))
            case "ended":
                return Leave(f"case.over.{told.reason}", buttons=self.what_now(told.reason))
            case "unknown":
                return Leave("case.unknown", buttons=self.what_now(""))
            case "elsewhere":
                return Leave("case.elsewhere", buttons=self.what_now(""))

    async def _ending(self, talk: Talk, told: Told) -> Again | Leave:
        """As `telling`; the owner hears, too, when a pause that ended it is over (V4)."""
        last = self.telling(told)
        if told.end == "refused" and told.reason in OFFICIAL:
            return Leave(last.key, buttons=[*self._ways(talk, told.reason), PERSON])
        if talk.speaker.anonymous or (told.end, told.reason) not in UNTIL:
            return last
        until = await self.journey.paused_until(talk.speaker)
        if not until:
            return last
        now = self.clock.now()
        facts = {"moment": moment(talk, until, now), "wait": wait(talk, until, now)}
        return Leave(UNTIL[told.end, told.reason], facts, [PERSON])

    def done(self) -> Leave:
        """What to say when the effect happened."""
        return Leave(f"{self.name}.done", buttons=[NOT_ME])

    def what_now(self, reason: str) -> list[Press]:
        """The buttons below an end."""
        if reason == WhyEnded.CANCELLED:
            return []
        if reason == WhyEnded.TOO_MANY_TRIES:
            return [self.start, PERSON]
        return [PERSON] if reason in NOT_AGAIN else [self.start]

    async def cancelled(self, talk: Talk) -> bool:
        return await self._stop(talk, WhyEnded.CANCELLED)

    async def expired(self, talk: Talk) -> bool:
        return await self._stop(talk, WhyEnded.EXPIRED)

    async def left_behind(self, talk: Talk) -> None:
        if case_id := talk.notes.get("case"):
            await self.journey.cancel(case_id)

    async def _stop(self, talk: Talk, reason: WhyEnded) -> bool:
        """End the case and say how it ended: not always as wished (F1). False while nobody knows."""
        case_id = talk.notes.get("case")
        told = await self.journey.cancel(case_id, reason) if case_id else Told("ended", reason)
        if told.end in UNDER_WAY:
            return False
        last = await self._ending(talk, told)
        talk.note_end(self.name, last.key)
        await talk.say(last.key, buttons=last.buttons, **last.facts)
        return True

    async def _stand_by(self, step: Step, told: Told) -> Moved:
        """A step cannot go on: say how the case stands, and wait if that is not its end."""
        last = await self._ending(step.talk, told)
        if isinstance(last, Leave):
            return await step.take(last)
        return await step.ask(last.key, self.finished)

    def _paused(self, talk: Talk, paused: Paused) -> Leave:
        """Only the owner hears of the account's own pause, and until when it lasts (E1)."""
        now = self.clock.now()
        if not paused.until:
            return Leave("case.paused.closed", buttons=[PERSON])
        facts = {"wait": wait(talk, paused.until, now)}
        if paused.whose == "account" and not talk.speaker.anonymous:
            return Leave("case.paused.account", {**facts, "moment": moment(talk, paused.until, now)}, [PERSON])
        key = {"targets": "targets", "global": "everywhere"}.get(paused.whose, "here")
        return Leave(f"case.paused.{key}", facts, [PERSON])

    def _cannot(self, talk: Talk, cannot: Cannot) -> Leave:
        """Why it cannot succeed, and whose move it is: said to the owner before the first proof."""
        facts = {"moment": moment(talk, cannot.until, self.clock.now())} if cannot.until else {}
        return Leave(f"case.cannot.{cannot.reason}", facts, [*self._ways(talk, cannot.reason), PERSON])

    def _ways(self, talk: Talk, reason: str) -> Iterator[Press]:
        """What the person can do instead."""
        if name := OFFICIAL.get(reason):
            yield Press("case.button.official", url=talk.link(name))
        if reason == WhyNot.UNREGISTERED and self.journey.policy().gates_for("register_app", OWNER) is not None:
            yield REGISTER
        if reason in (WhyNot.NO_UNLOCK, WhyNot.CHANGE_ELSEWHERE, WhyRefused.CHANGE_ASKS_MORE):
            yield RESET
