"""The vocabulary of a conversation: say, ask, leave, end. The only door to botbuilder's dialogs.

A conversation is a class whose steps are methods; read from top to bottom they are what is said.
Underneath it is a Bot Framework waterfall over plain JSON state: no stock prompt, no stock state class (C9).
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

import structlog
from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityTypes

from bot.channel.activities import spoken
from bot.channel.adapter import reference_of
from bot.channel.cards import (
    MOST_IN_TEAMS,
    Button,
    buttons_card,
    dialog,
    no_dialog,
    only_submits,
    rows,
    submit_card,
)
from bot.content import Content, MessageError
from bot.delivery.protocol import News
from bot.framework import (
    Dialog,
    DialogContext,
    DialogInstance,
    DialogSet,
    DialogState,
    DialogTurnResult,
    DialogTurnStatus,
    WaterfallDialog,
    WaterfallStepContext,
)
from bot.people import Speaker
from bot.rules.helpdesk import MOST_TRIED
from dialogs.phrases import mentions, plain, stands_in, yes_or_no

log = structlog.get_logger(__name__)


@dataclass
class Memory:
    """What a conversation remembers between turns. Plain JSON, sealed in the store; no secrets (D2)."""

    lang: str = ""
    guessed: bool = False               # nobody said so far which language it should be
    chosen: bool = False                # the person chose the language: do not guess again
    who: str = ""                       # the requester it all belongs to (I5)
    stack: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)     # of the running conversation
    until: float = 0                    # when the running conversation expires; 0: never
    topic: str = ""                     # asked "did that help?" about, as the last thing said
    about: list[str] = field(default_factory=list)          # answered last, if nothing was done since: see follow_ups
    offered: dict[str, Any] = field(default_factory=dict)   # chosen from by the next message: see choices
    rated: list[str] = field(default_factory=list)          # topics asked "did that help?" about
    misses: int = 0                     # messages in a row that were not understood
    tried: list[list[str]] = field(default_factory=list)    # what the helpdesk would hear of: see rules.helpdesk.Tried
    reminders: dict[str, Any] = field(default_factory=dict)     # of the owner: see dialogs.reminders
    gone: bool = False                  # the bot was removed or blocked here: nothing is said until somebody writes


@dataclass(frozen=True, slots=True)
class Heard:
    """One incoming activity, as the front desk understood it."""

    # "message", "knock", "joined", "left", "language", "page" and "closed" (of a window), "ended", "other"
    kind: str
    text: str = ""
    pressed: Mapping[str, str] = field(default_factory=dict)
    locale: str = ""
    timezone: str = ""                  # IANA name, as Teams sends it


@dataclass(frozen=True, slots=True)
class Press:
    """A button by message key: a link when `url` is set, else `value` comes back when it is pressed.

    What a `dialog` opens is asked of `Conversation.open_page`.
    """

    key: str
    value: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    dialog: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Something asked beside a message, with the buttons to answer it."""

    text: str
    buttons: Sequence[Button]


@dataclass(frozen=True, slots=True)
class Good:
    """The answer will do; the next step gets `value`."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Again:
    """Say this and wait for another answer."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[Press] = ()


@dataclass(frozen=True, slots=True)
class Leave:
    """Say this; the whole conversation is over."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[Press] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Say nothing and keep waiting: somebody knocked without news."""


Reply = Good | Again | Leave | Wait
Moved = DialogTurnResult
"""What a step returns: the result of the one move it made."""
Check = Callable[["Talk"], Awaitable[Reply]]


OVER = {"keyturn": {"over": True}}
"""What a message to the web chat carries with which a conversation ended: see `pages/static/cards.js`."""

Context = TurnContext
"""The framework's turn; passed through, never looked into outside this file and the turn boundary."""

Redact = Callable[[Speaker, str], Awaitable[None]]
"""Removes a message, by its id, from the record of the speaker's conversation."""


class InWindows(Enum):
    """Whether secure pages open as windows inside Teams."""

    NO = "no"           # by a link
    YES = "yes"         # and by a link for whoever asks for one
    ONLY = "only"       # whoever is at the page has to sign on there (P3)


class Talk:
    """One turn as a conversation sees it: who speaks, what was heard, and ways to answer."""

    def __init__(self, context: TurnContext, speaker: Speaker, heard: Heard, memory: Memory,
                 content: Content, redact: Redact, news: Sequence[News] = (),
                 windows: InWindows = InWindows.NO) -> None:
        self._context = context
        self.speaker = speaker
        self.heard = heard
        self.memory = memory
        self._content = content
        self._redact = redact
        self._windows = windows
        # The words that were heard, for comparing: asked for several times a turn.
        self.plain = plain(heard.text)
        self._said = stands_in(content, self.plain)
        self.answer: Any = None         # what the step before was told
        self.news = news
        self.told_news = False
        self.forgotten = False          # nothing of this conversation is to be remembered
        self._over = False              # what was running has ended in this turn

    @property
    def lang(self) -> str:
        return self.memory.lang

    @property
    def notes(self) -> dict[str, Any]:
        """What the running conversation keeps from step to step; plain JSON."""
        return self.memory.notes

    @property
    def windows(self) -> InWindows:
        return self._windows if self.speaker.in_teams else InWindows.NO

    @property
    def reference(self) -> dict[str, Any]:
        """Where to knock on this conversation later; plain JSON."""
        return reference_of(self._context.activity, self.speaker)

    def words(self, key: str, **facts: Any) -> str:
        return self._content.say(self.memory.lang, key, **facts)

    def link(self, name: str) -> str:
        """The address of links.yaml with this name, in the person's language."""
        return self._content.link(self.lang, name)

    def says(self, *keys: str) -> bool:
        """Whether what was heard is one of the phrases listed there, in any language."""
        return not self._said.isdisjoint(keys)

    def mentions(self, *keys: str) -> bool:
        """Whether one of the phrases listed there stands in what was heard, in any language."""
        return mentions(self._content, self.plain, *keys)

    def is_called(self, button: Press) -> bool:
        """Whether what was heard are the words on a button, in any language: cards from before a switch still stand."""
        if button.facts:
            return self.plain == plain(self.words(button.key, **button.facts))
        return button.key in self._said

    def yes_or_no(self) -> bool | None:
        """What was heard, if it is a yes or a no and nothing else."""
        return yes_or_no(self._content, self.plain)

    async def say(self, key: str, *, buttons: Sequence[Press] = (), **facts: Any) -> None:
        await self.say_text(self.words(key, **facts), [
            Button(self.words(one.key, **one.facts), one.value, one.url, one.dialog) for one in buttons])

    async def say_lines(self, lines: Sequence[str], buttons: Sequence[Press] = ()) -> None:
        """Say several sentences as one message, a line each."""
        await self.say_text("\n".join(lines), [Button(self.words(one.key), one.value, one.url) for one in buttons])

    async def say_text(self, text: str, buttons: Sequence[Button] = (), question: Question | None = None) -> None:
        """Send Markdown, with buttons below it, and a question with its own buttons below these."""
        reply = spoken(type="message", text=_LINE_END.sub("  \n", text), text_format="markdown", locale=self.lang)
        card = submit_card if only_submits(self._context.activity.service_url) else buttons_card
        reply.attachments = [card(one) for one in rows(buttons, MOST_IN_TEAMS if self.speaker.in_teams else 0)]
        if question is not None:
            reply.attachments.append(card(question.buttons, question.text))
        if self._over and not self.speaker.in_teams:
            reply.channel_data = OVER
        await self._context.send_activity(reply)

    async def tell_news(self) -> bool:
        """Say what waits to be told here; whether there was any. What cannot be said is no reason to say nothing."""
        if not self.news or not self.speaker.personal:
            return False
        for one in self.news:
            if one.who != self.speaker.requester:
                continue
            try:
                text = self.words(one.key, **one.facts)
                buttons = [Button(self.words(key), value) for key, value in one.buttons]
            except MessageError:
                log.error("news_of_another_release", key=one.key)   # (F10)
                continue
            await self.say_text(text, buttons)
        self.told_news = True
        return True

    def note_end(self, name: str, key: str) -> None:
        """Keep how a conversation ended, by the last thing said in it; its links look spent in the web chat now."""
        self._over, self.memory.about = True, []
        how = "paused" if ".paused." in key else _ENDS.get(key.rpartition(".")[2], "refused")
        self.note_tried("journey", name, how)

    def note_tried(self, what: str, name: str, how: str = "") -> None:
        """Keep what was done here for a person, for the case that it does not help."""
        tried = [one for one in self.memory.tried if one != [what, name, how]]
        self.memory.tried = [*tried[1 - MOST_TRIED:], [what, name, how]]

    async def redact(self) -> None:
        """Take what was just said out of the channel's own record, where there is one of ours (D4)."""
        await self._redact(self.speaker, self._context.activity.id or "")

    async def open_window(self, key: str, url: str) -> None:
        """Answer a press that asked for a page: the window's title, and what it shows."""
        await answer_press(self._context, dialog(self.words(key), url))

    async def open_nothing(self, key: str, **facts: Any) -> None:
        """Answer a press that asked for a page there is not."""
        await answer_press(self._context, no_dialog(self.words(key, **facts)))


async def show_typing(context: TurnContext) -> None:
    """Show for a moment that somebody is at work. Raises ReplyUndelivered."""
    await context.send_activity(Activity(type="typing"))


async def answer_press(context: TurnContext, body: Mapping[str, Any] | None = None) -> None:
    """What the caller of an invoke gets back; nothing but a status where there is nothing to say."""
    await context.send_activity(Activity(type=ActivityTypes.invoke_response, value={"status": 200, "body": body}))


class Step:
    """Moves of a waterfall step. `talk` is the turn; each move is what the step returns."""

    def __init__(self, talk: Talk, within: WaterfallStepContext, conversation: "Conversation") -> None:
        self.talk = talk
        self._within = within
        self._conversation = conversation

    async def ask(self, key: str, check: Check, *, fits: str = "", words: str = "", about: str = "", again: str = "",
                  buttons: Sequence[Press] = (), said: bool = False, **facts: Any) -> DialogTurnResult:
        """Ask, and wait until `check` (a method of the conversation) calls an answer good.

        `fits` names the shape of an expected answer (dialogs.shapes): a message of that shape is
        an answer, any other may be an interruption, after which `again` or `key` is said; `words` is the
        key of a list of phrases that are answers too, and `about` the keys, with blanks between, of lists of
        phrases that make a message one that `check` knows more about than anybody. `said` means that the
        question stands already, and that `check` knows what to say after an interruption.
        """
        prompt = {"key": key, "facts": facts, "of": self._conversation.name, "fits": fits, "words": words,
                  "about": about, "again": again or key, "said": said, "check": check.__name__,
                  "buttons": [[one.key, dict(one.value), dict(one.facts)] for one in buttons]}
        return await self._within.begin_dialog(ASK, prompt)

    async def go_on(self, value: Any = None) -> DialogTurnResult:
        return await self._within.next(value)

    async def leave(self, key: str, buttons: Sequence[Press] = (), **facts: Any) -> DialogTurnResult:
        """Say a last thing; the conversation is over."""
        self.talk.note_end(self._conversation.name, key)
        await self.talk.say(key, buttons=buttons, **facts)
        return await self.end()

    async def take(self, reply: "Reply") -> DialogTurnResult:
        """The move that a check's reply stands for, when it is known without asking."""
        match reply:
            case Good(value):
                return await self.go_on(value)
            case Leave(key, facts, buttons):
                return await self.leave(key, buttons, **facts)
        raise TypeError(f"a step cannot end with {type(reply).__name__}")

    async def end(self) -> DialogTurnResult:
        await self._within.cancel_all_dialogs()
        return DialogTurnResult(DialogTurnStatus.Complete)


Move = Callable[[Step], Awaitable[DialogTurnResult]]


class Conversation:
    """Base of every conversation: a name, the steps in order, and what to do when it is cut short."""

    name: ClassVar[str]
    steps: ClassVar[tuple[str, ...]]
    wish: ClassVar[str]                 # label of a message that asks for this very conversation
    help: ClassVar[str]                 # key of what to say when somebody asks for help in the middle of it

    async def open_page(self, talk: Talk, _asked: Mapping[str, Any]) -> Leave | None:
        """Answer a press on a `dialog` button while the prompt `_asked` waits; Leave ends the conversation too."""
        await talk.open_nothing("common.stale_button")
        return None

    async def cancelled(self, talk: Talk) -> bool:
        """The person wants to stop: say what was and was not done. False: it cannot be stopped any more."""
        raise NotImplementedError

    async def expired(self, talk: Talk) -> bool:
        """The person came back too late: say what was and was not done. False: it is not over yet."""
        raise NotImplementedError

    async def left_behind(self, talk: Talk) -> None:
        """Somebody else writes here now: end what was begun, and tell them nothing of it (I5)."""

    @classmethod
    def id(cls) -> str:
        """Waterfalls store a step's number, so another list of steps is another dialog (F10)."""
        return f"{cls.name}.{hashlib.sha256('|'.join(cls.steps).encode()).hexdigest()[:8]}"


# Begins with the line's end itself, so that the search for it runs in C.
_LINE_END = re.compile(r"\n(?<=\S\n)(?!\n)")
"""Two spaces before a line's end keep the next line apart in Markdown, here as in Teams."""
ASK = "ask"
_TALK = "keyturn.talk"


class _Ask(Dialog):
    """Our one prompt: keeps the message key, the facts and the name of the check; revives nothing by class."""

    def __init__(self, conversations: Mapping[str, Conversation]) -> None:
        super().__init__(ASK)
        self._conversations = conversations

    async def begin_dialog(self, dialog_context: DialogContext, options: object = None) -> DialogTurnResult:
        asked = dialog_context.active_dialog.state
        asked.update(options)
        if not asked["said"]:
            await _say_prompt(_talk_of(dialog_context.context), asked, asked["key"])
        return Dialog.end_of_turn

    async def continue_dialog(self, dialog_context: DialogContext) -> DialogTurnResult:
        talk = _talk_of(dialog_context.context)
        asked = dialog_context.active_dialog.state
        reply = await getattr(self._conversations[asked["of"]], asked["check"])(talk)
        match reply:
            case Good(value):
                return await dialog_context.end_dialog(value)
            case Again(key, facts, buttons):
                await talk.say(key, buttons=buttons, **facts)
            case Leave(key, facts, buttons):
                talk.note_end(asked["of"], key)
                await talk.say(key, buttons=buttons, **facts)
                await dialog_context.cancel_all_dialogs()
                return DialogTurnResult(DialogTurnStatus.Complete)
        return Dialog.end_of_turn


class Floor:
    """Holds the conversations, and runs or ends the one a memory is in."""

    def __init__(self, conversations: Sequence[Conversation]) -> None:
        self._by_name = {one.name: one for one in conversations}
        self._dialogs = DialogSet(_StackInMemory())
        self._dialogs.add(_Ask(self._by_name))
        for one in conversations:
            self._dialogs.add(WaterfallDialog(one.id(), [_step(one, name) for name in one.steps]))
        self._known = {one.id(): one for one in conversations}

    def running(self, memory: Memory) -> Conversation | None:
        """The conversation the memory is in, if any of this release can continue it (F10)."""
        if not memory.stack:
            return None
        frames = [str(frame.get("id")) for frame in memory.stack]
        if any(name != ASK and name not in self._known for name in frames):
            return None
        return self._known.get(frames[-1])

    def offers(self, memory: Memory, pressed: Mapping[str, str]) -> bool:
        """Whether the waiting prompt has a button that does this."""
        return any(value.get("do") == pressed.get("do") for _, value, *_ in self.asked(memory).get("buttons", ()))

    def named(self, talk: Talk) -> Mapping[str, str]:
        """What the button of the waiting prompt does whose words were typed; empty when there is none."""
        for key, value, *facts in self.asked(talk.memory).get("buttons", ()):
            if talk.is_called(Press(key, value, facts=facts[0] if facts else {})):
                return dict(value)
        return {}

    def asked(self, memory: Memory) -> Mapping[str, Any]:
        """What the waiting prompt asked: key, facts, shape; empty when none waits."""
        return memory.stack[0]["state"] if memory.stack and memory.stack[0]["id"] == ASK else {}

    async def begin(self, talk: Talk, name: str) -> None:
        self.end(talk.memory)
        await self._run(talk, lambda dialogs: dialogs.begin_dialog(self._by_name[name].id()))

    async def go_on(self, talk: Talk) -> None:
        await self._run(talk, lambda dialogs: dialogs.continue_dialog())

    async def ask_again(self, talk: Talk) -> None:
        """Repeat the waiting prompt after an interruption."""
        asked = self.asked(talk.memory)
        if asked.get("said"):
            await self.go_on(talk)
        elif asked:
            await _say_prompt(talk, asked, asked["again"])

    async def repeat(self, talk: Talk) -> None:
        """Say the waiting prompt once more, whoever said it first."""
        if asked := self.asked(talk.memory):
            await _say_prompt(talk, asked, asked["again"])

    def end(self, memory: Memory) -> None:
        memory.stack, memory.notes, memory.until = [], {}, 0

    async def _run(self, talk: Talk, move: Callable[[DialogContext], Awaitable[DialogTurnResult]]) -> None:
        context = talk._context
        context.turn_state[_TALK] = talk
        await move(await self._dialogs.create_context(context))
        state: DialogState = context.turn_state[_STACK]
        talk.memory.stack = [{"id": one.id, "state": one.state} for one in state.dialog_stack]
        if not talk.memory.stack:
            self.end(talk.memory)


_STACK = "keyturn.stack"


class _StackInMemory:
    """The state accessor a DialogSet asks for: the stack as it stands in the turn's memory."""

    async def get(self, context: TurnContext, _default: Callable[[], DialogState]) -> DialogState:
        stack = [DialogInstance(one["id"], one["state"]) for one in _talk_of(context).memory.stack]
        state = DialogState(stack)
        context.turn_state[_STACK] = state
        return state


def _step(conversation: Conversation, name: str) -> Callable[[WaterfallStepContext], Awaitable[DialogTurnResult]]:
    move: Move = getattr(conversation, name)

    async def step(within: WaterfallStepContext) -> DialogTurnResult:
        talk = _talk_of(within.context)
        talk.answer = within.result
        return await move(Step(talk, within, conversation))

    step.__qualname__ = f"{conversation.name}.{name}"
    return step


# How a conversation ended, by what was said at its end; whatever else it was, it was refused.
_ENDS = {"cancelled": "cancelled", "expired": "expired", "too_many_tries": "too_many_tries", "done": "done",
         "other_account": "cancelled"}


def _talk_of(context: TurnContext) -> Talk:
    talk: Talk = context.turn_state[_TALK]
    return talk


async def _say_prompt(talk: Talk, asked: Mapping[str, Any], key: str) -> None:
    # Another release kept no facts of a button (F10).
    buttons = [Press(key, value, facts=facts[0] if facts else {}) for key, value, *facts in asked["buttons"]]
    await talk.say(key, buttons=buttons, **asked["facts"])
