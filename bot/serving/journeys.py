"""What is done for people: every journey, and what is done for them later."""

import secrets
from collections.abc import Callable

from bot.clock import Clock
from bot.content import Content
from bot.content.helpdesk import HelpWords
from bot.delivery.protocol import Knock
from bot.journeys.aftermath import PasswordSet
from bot.journeys.alarm import OPERATION as FREEZE
from bot.journeys.alarm import Alarm, Frozen
from bot.journeys.casework import PROVE
from bot.journeys.change_password import ChangePassword
from bot.journeys.doing import Doing
from bot.journeys.ending_cases import EndingCases
from bot.journeys.ending_pause import END_PAUSE, EndingPause
from bot.journeys.errands import Errands
from bot.journeys.fetch_a_person import HELP_WISH, FetchAPerson
from bot.journeys.forgetting import Forgetting
from bot.journeys.forgot_password import ForgotPassword
from bot.journeys.helpdesk import HELP_ACT, Helpdesk
from bot.journeys.helping import STAFF_ACT, Helping
from bot.journeys.my_status import MyStatus
from bot.journeys.pages import Pages
from bot.journeys.password_page import ChangePage, ResetPage
from bot.journeys.proof_page import ProofPage
from bot.journeys.records import Records
from bot.journeys.recovery_codes import CodesMade, RecoveryCodes, RecoveryCodesPage
from bot.journeys.register_method import (
    Changes,
    MethodsChanged,
    RegisterApp,
    RegisterAppPage,
    RegisterMail,
    RemoveMethod,
    RenameMethod,
)
from bot.journeys.reminding import Reminding
from bot.journeys.settlement import Settlement
from bot.journeys.staffing import STAFF_CHANGE, Staffing
from bot.journeys.temporary_pass import PassGiven, TemporaryPass, TemporaryPassPage
from bot.journeys.unlock_account import LOOK_AGAIN, SecondLook, UnlockAccount, Unlocked
from bot.rules.masking import masked
from bot.rules.passwords import Policy as PasswordRules
from bot.rules.policy import TEMPORARY_PASS, Policy
from bot.serving.kept import Kept
from bot.serving.people import People
from bot.settings import Settings

_REGISTERING = (RegisterApp, RegisterMail, RenameMethod, RemoveMethod)


class Journeys:
    """`policy` and `password_rules` are those in force when they are asked; `beat` as in `pace.evenly`."""

    def __init__(self, settings: Settings, content: Content, kept: Kept, people: People, knocks: Knock,
                 policy: Callable[[], Policy], password_rules: Callable[[], PasswordRules], clock: Clock,
                 beat: float) -> None:
        limits, directory = settings.limits, people.directory
        self._content = content
        self.records = records = Records(
            kept.audit, kept.mails, directory, kept.enrolments, clock, kept.refusals, kept.alarm_links,
            settings.base_url)

        # What is done later, by whichever replica: each kind is named by who lists it.
        self.errands = errands = Errands(kept.errands, {}, clock)
        self.staffing = Staffing(kept.it, kept.tries, kept.audit, errands)
        self.helping = Helping(
            directory, kept.enrolments, kept.holds, kept.tries, kept.audit, records, kept.help_forms,
            kept.one_time_codes, errands, limits.it_code_seconds, clock)
        self.helpdesk = Helpdesk(
            kept.help_cases, kept.audit, directory, kept.news, knocks, records, errands, clock)
        self.fetch_a_person = FetchAPerson(
            kept.help_cases, kept.audit, records, kept.mails, directory, errands, clock, settings.helpdesk_address,
            settings.helpdesk_lang, HelpWords(content).mail)
        errands.kinds.update({
            LOOK_AGAIN: SecondLook(kept.cases, directory, kept.news, knocks, records),
            STAFF_CHANGE: self.staffing.finish, STAFF_ACT: self.helping.finish, HELP_ACT: self.helpdesk.finish,
            HELP_WISH: self.fetch_a_person.finish,
            END_PAUSE: EndingPause(kept.trust, kept.audit, errands).finish})

        # What an operation does, and what follows it.
        self.ending_cases = EndingCases(kept.cases, kept.pending, records, clock)
        password_set, methods_changed = PasswordSet(directory, records), MethodsChanged(kept.enrolments, records)
        self.settlement = Settlement(
            directory,
            {"reset": password_set, "change": password_set, "unlock": Unlocked(directory, records, errands),
             "recovery_codes": CodesMade(kept.enrolments, records), TEMPORARY_PASS: PassGiven(directory, records),
             **{one.operation: methods_changed for one in _REGISTERING},
             FREEZE: Frozen(directory, kept.holds, self.fetch_a_person, records, clock)},
            kept.cases, kept.pending, self.ending_cases, records, knocks, kept.tries, clock)
        doing = Doing(directory, kept.enrolments, kept.cases, kept.tries, kept.holds, kept.pending, records,
                      self.settlement, policy, clock)
        changes = Changes(directory, kept.enrolments, doing, limits, clock)

        # In the chat.
        casework = (directory, people.authenticators, kept.enrolments, kept.cases, kept.tries, kept.holds,
                    self.ending_cases, records, kept.ring.pseudonym, self._phrase, policy, limits, clock,
                    settings.base_url, beat)
        self.forgot_password = ForgotPassword(*casework)
        self.change_password = ChangePassword(*casework)
        self.unlock_account = UnlockAccount(*casework, doing=doing)
        self.recovery_codes = RecoveryCodes(*casework)
        self.temporary_pass = TemporaryPass(*casework)
        self.registering = {one.operation: one(*casework, changes=changes) for one in _REGISTERING}
        self.my_status = MyStatus(directory, kept.enrolments, kept.holds, kept.audit, clock)
        self.reminding = Reminding(kept.enrolments, kept.snoozes, kept.audit, policy, clock)
        self.forgetting = Forgetting(
            kept.cases, self.ending_cases, kept.enrolments, kept.holds, self.fetch_a_person)

        # On a page.
        self.pages = Pages(kept.cases, {
            "recovery_codes": RecoveryCodesPage(directory, doing, limits, clock, masked, kept.enrolments),
            "reset": ResetPage(directory, doing, kept.tries, password_rules, limits, clock, masked),
            "change": ChangePage(directory, doing, kept.tries, password_rules, limits, clock, masked),
            TEMPORARY_PASS: TemporaryPassPage(directory, doing, limits, clock, masked),
            "register_app": RegisterAppPage(directory, changes, kept.tries, limits, clock, masked),
            PROVE: ProofPage(self.forgot_password, knocks, clock),
        }, limits, clock, sign_on=settings.teams_sign_on)
        self.alarm = Alarm(directory, kept.cases, kept.holds, kept.pending, self.settlement, self.fetch_a_person,
                           kept.alarm_links, clock)

    def _phrase(self, lang: str) -> str:
        words = self._content.say(lang, "phrase.words").split()
        return " ".join(secrets.SystemRandom().sample(words, 2))
