"""What people talk with: the conversations over the journeys, and the desk where every message arrives."""

from collections.abc import Callable

from bot.clock import Clock
from bot.content import Content
from bot.content.helpdesk import HelpWords
from bot.journeys import JOURNEYS
from bot.journeys.not_answered import NotAnswered
from bot.metrics import Metrics
from bot.pages import bundle
from bot.rules.policy import Policy
from bot.second_opinion import SecondOpinion
from bot.serving.channels import Channels
from bot.serving.journeys import Journeys
from bot.serving.kept import Kept
from bot.serving.people import People
from bot.settings import Settings, WebChat
from bot.site import Site
from bot.understanding import ErrorFinder, Reader
from dialogs.answer_question import AnswerQuestion
from dialogs.buttons import Buttons
from dialogs.change_password import ChangePassword
from dialogs.choices import Choices
from dialogs.explain_error import ExplainError
from dialogs.fetch_a_person import FetchAPerson
from dialogs.follow_ups import FollowUps
from dialogs.forget_me import ForgetMe
from dialogs.forgot_password import ForgotPassword
from dialogs.front_desk import FrontDesk
from dialogs.handover import Handover
from dialogs.manners import Manners
from dialogs.my_status import MyStatus
from dialogs.not_me import NotMe
from dialogs.offers import Offers
from dialogs.phrases import password_words
from dialogs.recovery_codes import RecoveryCodes
from dialogs.register_method import RegisterMethod
from dialogs.reminders import Reminders
from dialogs.talk import Floor, InWindows
from dialogs.temporary_pass import TemporaryPass
from dialogs.turns import Turns
from dialogs.unlock_account import UnlockAccount
from dialogs.what_here import WhatHere


class Conversations:
    """Whatever is made of the content's words is made anew with every `turns`."""

    def __init__(self, settings: Settings, content: Content, kept: Kept, people: People, channels: Channels,
                 journeys: Journeys, policy: Callable[[], Policy], second_opinion: SecondOpinion | None,
                 metrics: Metrics, site: Site, clock: Clock) -> None:
        self._settings, self._content, self._kept, self._people = settings, content, kept, people
        self._channels, self._journeys, self._policy, self._second_opinion = channels, journeys, policy, second_opinion
        self._metrics, self._site, self._clock = metrics, site, clock
        limits = settings.limits
        self._of_accounts = [
            ForgotPassword(journeys.forgot_password, limits, clock),
            ChangePassword(journeys.change_password, limits, clock),
            UnlockAccount(journeys.unlock_account, limits, clock),
            RecoveryCodes(journeys.recovery_codes, limits, clock),
            TemporaryPass(journeys.temporary_pass, limits, clock),
            RegisterMethod(journeys.registering["register_app"], limits, clock, journeys.registering)]

    def turns(self, reader: Reader, finder: ErrorFinder) -> Turns:
        """Turns that understand by these."""
        return Turns(
            self._kept.conversations, self._front_desk(reader, finder), self._content, self._settings.limits,
            self._channels.redact, self._metrics, self._windows())

    def _front_desk(self, reader: Reader, finder: ErrorFinder) -> FrontDesk:
        content, journeys, clock, limits = self._content, self._journeys, self._clock, self._settings.limits
        ratings, directory = self._kept.ratings, self._people.directory
        offers = Offers(JOURNEYS, self._policy, visitors=self._settings.chat is WebChat.FULL)
        status = MyStatus(journeys.my_status, self._policy, offers, clock)
        people = FetchAPerson(journeys.fetch_a_person, HelpWords(content), limits, clock)
        not_me = NotMe(limits, clock, journeys.alarm)
        forget_me = ForgetMe(limits, clock, journeys.forgetting, self._channels.clear)
        floor = Floor([*self._of_accounts, people, not_me, forget_me])
        answers = AnswerQuestion(
            content, ratings, offers, WhatHere(offers), Manners(status, offers),
            lambda operation, in_teams: bool(directory.cannot(operation, signs_on=in_teams)))
        errors, reminders = ExplainError(content, ratings, offers), Reminders(status, journeys.reminding, offers, clock)
        handover = Handover(floor, people, not_me, forget_me, offers, self._site.base_url)
        buttons = Buttons(floor, answers, errors, status, reminders, handover)
        return FrontDesk(
            floor, answers, errors, status, reminders, handover, buttons, Choices(content, answers, buttons),
            FollowUps(content, answers, errors, handover, reader), reader, finder, content, clock,
            NotAnswered(self._kept.unanswered, content.phrases), self._second_opinion, password_words(content))

    def _windows(self) -> InWindows:
        """Teams shows nothing inside itself but https, and our page there needs its library."""
        if self._settings.teams_sign_on:
            return InWindows.ONLY
        there = self._site.secure and bundle.TEAMS.present(self._settings.data_dir)
        return InWindows.YES if there else InWindows.NO
