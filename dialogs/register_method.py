"""Registering what one proves oneself with: an authenticator app, a private address; renaming and removing.

    person  (presses Registrer deg)
    bot     Hva vil du registrere eller endre?      [Godkjenningsapp] [Privat e-post] [Gjenopprettingskoder]
    person  (presses Godkjenningsapp)
    bot     Skal den nye appen ta over for den du har?      [Ja, bytt den ut] [Nei, behold begge]
    person  (presses Ja, bytt den ut)
    bot     Først må jeg vite at det er deg. Åpne godkjenningsappen på telefonen og skriv koden du ser der.
    person  123 456
    bot     Åpne den sikre siden. Der legger du kontoen inn i appen.        [Legg til appen ↗]
    bot     Det er i orden. Jeg har sendt beskjed til adressene dine.       [Lag gjenopprettingskoder]
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.journeys.register_method import RegisterApp
from bot.rules.addresses import NoAddress, private_address
from bot.rules.labels import clean_label
from bot.rules.masking import masked
from bot.rules.registered import EMAIL_CODE, TOTP, Enrolment, Method
from dialogs.offers import CANCEL
from dialogs.proving import Proving
from dialogs.recovery_codes import START as CODES
from dialogs.talk import Again, Good, Leave, Moved, Press, Reply, Step, Talk, Wait

START = Press("register_method.button.start", {"do": "start", "journey": "register_method"})

APP, MAIL, RENAME, REMOVE = "register_app", "register_mail", "rename_method", "remove_method"
DO = "register"             # what all buttons of this conversation send, with what was chosen


def _choice(button: str, chosen: str, **facts: str) -> Press:
    return Press(f"register_method.button.{button}", {"do": DO, "chosen": chosen}, facts=facts)


@dataclass(frozen=True)
class RegisterMethod(Proving):
    """Every choice is among what the owner has; the proof that follows is for that choice alone (A2, I6, V10)."""

    journey: RegisterApp
    operations: Mapping[str, RegisterApp]

    name = "register_method"
    steps = ("what", "which", "detail", "which_account", "first_proof", "second_proof", "carry_out")
    wish = "register"
    help = "register_method.help"
    start = START

    # -- what is to be done --------------------------------------------------------------------

    async def what(self, step: Step) -> Moved:
        known = await self.journey.registered(step.talk.speaker)
        buttons = [_choice("app", APP), _choice("mail", MAIL), CODES]
        if known.of_kind(TOTP):
            buttons.append(_choice("rename", RENAME))
        if known.ids:
            buttons.append(_choice("remove", REMOVE))
        return await step.ask("register_method.what", self.chosen_what, about="register_method.words_for_app",
                              words="register_method.words_for_mail",
                              buttons=[*buttons, CANCEL])

    async def chosen_what(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        operation = talk.heard.pressed.get("chosen", "")
        if talk.heard.pressed:
            pass    # What a button sends along as its text is no choice of its own.
        elif talk.mentions("register_method.words_for_app"):
            operation = APP
        elif talk.mentions("register_method.words_for_mail"):
            operation = MAIL
        if operation not in self.operations:
            return Again("register_method.what_again", buttons=[_choice("app", APP), _choice("mail", MAIL), CANCEL])
        talk.notes["operation"] = operation
        return Good()

    # -- with which of the things there are ----------------------------------------------------

    async def which(self, step: Step) -> Moved:
        talk = step.talk
        known = await self.journey.registered(talk.speaker)
        operation = talk.notes["operation"]
        there = _there(known, operation)
        talk.notes["plan"] = {}
        if not there:
            return await step.go_on() if operation in (APP, MAIL) else await step.leave("register_method.nothing")
        if operation == MAIL:
            # One private address is kept: a second one would be one more mailbox to lose.
            talk.notes["plan"] = {"replaces": there[0].id, "gone": there[0].address}
            return await step.go_on()
        if operation == APP:
            buttons = [_choice("instead", one.id, name=self._called(talk, one)) for one in there]
            if len(there) >= self.limits.apps:
                return await step.ask("register_method.instead_full", self.chosen_which, most=self.limits.apps,
                                      buttons=[*buttons, CANCEL])
            buttons.append(_choice("beside", ""))
            return await step.ask("register_method.instead", self.chosen_which, buttons=[*buttons, CANCEL])
        buttons = [_choice("this", one.id, name=self._called(talk, one)) for one in there]
        if operation == REMOVE and known.recovery:
            buttons.append(_choice("codes", known.recovery.id))
        return await step.ask(
            f"register_method.which.{operation}", self.chosen_which, buttons=[*buttons, CANCEL])

    async def chosen_which(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        known = await self.journey.registered(talk.speaker)
        chosen = talk.heard.pressed.get("chosen")
        if talk.heard.pressed.get("do") != DO or chosen not in known.ids | {""}:
            return Again("register_method.press_one")
        if talk.notes["operation"] == APP and (chosen or len(known.of_kind(TOTP)) < self.limits.apps):
            talk.notes["plan"] = {"replaces": chosen}
        elif chosen:
            gone = [one.address for one in known.methods if one.id == chosen and one.address]
            talk.notes["plan"] = {"method": chosen, **({"gone": gone[0]} if gone else {})}
        else:
            return Again("register_method.press_one")
        return Good()

    # -- what else must be known ---------------------------------------------------------------

    async def detail(self, step: Step) -> Moved:
        talk = step.talk
        match talk.notes["operation"]:
            case "register_mail":
                return await step.ask("register_method.address", self.address, fits="name", buttons=[CANCEL])
            case "rename_method":
                return await step.ask("register_method.new_name", self.new_name, fits="name", buttons=[CANCEL])
            case "remove_method":
                known = await self.journey.registered(talk.speaker)
                left = known.without(talk.notes["plan"]["method"])
                last = not (left.of_kind(TOTP) or left.recovery)
                return await step.ask(
                    "register_method.sure_last" if last else "register_method.sure", self.sure,
                    buttons=[_choice("sure", "yes"), CANCEL])
        return await step.go_on()

    async def address(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        found = private_address(talk.heard.text, await self.journey.username(talk.speaker))
        if isinstance(found, NoAddress):
            return Again(f"register_method.no_address.{found.why}", buttons=[CANCEL])
        talk.notes["plan"] = {**talk.notes["plan"], "address": found}
        return Good()

    async def new_name(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        label = "" if talk.heard.pressed else clean_label(talk.heard.text)
        if not label:
            return Again("register_method.no_name", buttons=[CANCEL])
        talk.notes["plan"] = {**talk.notes["plan"], "label": label}
        return Good()

    async def sure(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        if talk.heard.pressed.get("chosen") == "yes" or talk.yes_or_no():
            return Good()
        if talk.yes_or_no() is False:
            return Leave("register_method.kept")
        return Again("register_method.sure_again", buttons=[_choice("sure", "yes"), CANCEL])

    # -- the proof, and doing it ---------------------------------------------------------------

    async def which_account(self, step: Step) -> Moved:
        """The speaker's own, for the one thing that was chosen."""
        talk = step.talk
        journey = self.operations[talk.notes["operation"]]
        begun = await journey.begin_for(talk.speaker, talk.lang, talk.reference, talk.notes["plan"])
        return await step.take(self._begun(talk, begun))

    async def carry_out(self, step: Step) -> Moved:
        talk = step.talk
        if talk.notes["operation"] == APP:
            return await self.secure_page(step)
        return await self._stand_by(step, await self.journey.carry_out(talk.notes["case"], talk.speaker))

    def done(self) -> Leave:
        return Leave("register_method.done", buttons=[CODES, START])

    def _called(self, talk: Talk, method: Method) -> str:
        if method.kind == EMAIL_CODE:
            return masked(method.address)
        return method.label or talk.words("register_method.an_app")


def _there(known: Enrolment, operation: str) -> tuple[Method, ...]:
    """What of the things there are an operation can be about."""
    match operation:
        case "register_app" | "rename_method":
            return known.of_kind(TOTP)
        case "register_mail":
            return known.of_kind(EMAIL_CODE)
    return known.methods
