"""One turn from end to end: hear, remember, answer, keep; and what to say when something breaks."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from typing import Any

import structlog

from bot.channel.cards import FETCH, SUBMIT, no_dialog, pressed
from bot.channel.knocks import KNOCK
from bot.channel.outbox import ReplyUndelivered
from bot.channel.turn import EXPECT_REPLIES, GONE, INVOKE_RESPONSE
from bot.clock import steady
from bot.content import Content
from bot.errors import Conflict, KeyturnError, Overtaken, StoreUnavailable, place
from bot.metrics import Metrics
from bot.people import Speaker
from bot.rules.limits import Limits
from bot.store.conversations import ConversationStorage, Skipped
from dialogs.front_desk import FrontDesk
from dialogs.talk import Context, Heard, InWindows, Memory, Talk, answer_press, show_typing

log = structlog.get_logger(__name__)

LANGUAGE = "keyturn.language"
_INSTALLED = {"add": "joined", "remove": "left"}
_TYPING_SECONDS = 3.0
NOBODY_THERE = frozenset({403, 404})
"""What the channel answers where the bot was blocked, removed, or the conversation is no more."""
_REMEMBERED = frozenset(one.name for one in fields(Memory))


@dataclass(frozen=True, slots=True)
class Turns:
    """The adapter's logic: called with every activity that passed the gate."""

    storage: ConversationStorage
    desk: FrontDesk
    content: Content
    limits: Limits
    redact: Callable[[Speaker, str], Awaitable[None]]
    metrics: Metrics
    windows: InWindows = InWindows.NO
    type_after: float = 1.0     # seconds

    async def __call__(self, context: Context, speaker: Speaker) -> None:
        heard = self._heard(context.activity)
        if heard.kind == "closed":
            await answer_press(context)     # Nothing that a window sends back is looked at (I6).
        if heard.kind in ("closed", "other"):
            return
        began, outcome = steady(), "failed"
        typing = self._typing(context, speaker, heard)
        try:
            outcome = await self._turn(context, speaker, heard)
        finally:
            if typing is not None:
                typing.stop()
            self.metrics.turn(outcome, steady() - began)
        if heard.kind == "page" and INVOKE_RESPONSE not in context.turn_state:
            await answer_press(context, no_dialog(self.content.say(self._language(context), "common.no_window_now")))

    def _typing(self, context: Context, speaker: Speaker, heard: Heard) -> "_Typing | None":
        """Show that somebody is at work, once it has taken a second; never to visitors, who are to be told by nothing
        how much there is to do for an account (E2)."""
        if heard.kind != "message" or speaker.in_our_web_chat or context.activity.delivery_mode == EXPECT_REPLIES:
            return None
        return _Typing(context, self.type_after)

    async def _turn(self, context: Context, speaker: Speaker, heard: Heard) -> str:
        """How the turn ended, as it is counted."""
        try:
            # A process that was killed holds its conversation longer than one wait lasts; a knock is in no hurry.
            waits = 3 if heard.kind == "knock" else 2
            while not await self._taken(context, speaker, heard):
                waits -= 1
                if waits:
                    continue
                log.warning("turn_had_no_turn", kind=heard.kind)
                if heard.kind == "message":
                    await context.send_activity(self.content.say(self._language(context), "error.conflict"))
                return "conflict"
        except StoreUnavailable:
            # The store is away: questions are still answered, everything else says so (G1).
            await self.desk.answer_only(self._talk(context, speaker, heard, Memory(who=speaker.requester)))
            return "unavailable"
        except Conflict:
            # Another replica went on with this conversation; what we said stands, what we noted does not.
            log.warning("turn_lost_its_conversation")
            return "conflict"
        except KeyturnError as error:
            if heard.kind == "knock" and isinstance(error, ReplyUndelivered):
                # A blocked or removed bot: what was not told waits for the person's next message (F13).
                log.warning("knock_undelivered", status=error.status)
                return "refused"
            # Nothing was noted, so the person can say the same again.
            log.warning("turn_refused", error=type(error).__name__)
            await context.send_activity(self.content.say(self._language(context), error.message))
            return "refused"
        return "done"

    async def answer(self, context: Context, speaker: Speaker) -> None:
        """A message that nobody can keep: answered if it is a known question, else passed over in silence (G1)."""
        await self.desk.answer_known(
            self._talk(context, speaker, self._heard(context.activity), Memory(who=speaker.requester)))

    async def apologise(self, context: Context) -> None:
        """The last resort when a turn broke outside of any conversation (F14)."""
        await context.send_activity(self.content.say(self._language(context), "error.general"))

    async def _taken(self, context: Context, speaker: Speaker, heard: Heard) -> bool:
        """Have the turn, or find it had (C6); False when somebody else holds the conversation too long."""
        async with self.storage.turn(speaker.place, context.activity.id or "") as turn:
            if isinstance(turn, Skipped):
                return turn is not Skipped.BUSY
            memory = _remembered(turn.state)
            if heard.kind == "knock" and memory.gone:
                context.turn_state[GONE] = True     # News wait, and whoever sent them finds another way (F13).
                return True
            if heard.kind == "left":
                turn.state = _kept(Memory(gone=True))
                return True
            memory.gone = False     # Whoever writes has us.
            talk = Talk(context, speaker, heard, memory, self.content, self.redact, turn.news, self.windows)
            try:
                await self._receive(talk)
            except ReplyUndelivered as error:
                if heard.kind != "knock" or error.status not in NOBODY_THERE:
                    raise
                # What was noted in this turn nobody has heard of: only that there is nobody to hear it.
                log.warning("conversation_gone", status=error.status)
                context.turn_state[GONE] = True
                turn.state = _kept(replace(_remembered(turn.state), gone=True))
                return True
            turn.told = talk.told_news
            turn.state = {} if talk.forgotten else _kept(memory)
        return True

    async def _receive(self, talk: Talk) -> None:
        if talk.heard.kind == "joined" and talk.memory.lang:
            # Greeted before: a reconnect is not a new person.
            if not talk.news:
                return
            talk.heard = replace(talk.heard, kind="knock")
        try:
            await self.desk.receive(talk)
        except Conflict as conflict:
            # Not that of the conversation itself, whose answer was said: here nothing was.
            raise Overtaken from conflict
        except KeyturnError:
            raise
        except Exception as error:  # noqa: BLE001 a broken conversation must not stay stuck (F14)
            # An exception's text may quote what the person wrote: only its place is logged (D3).
            log.error("turn_broken", error=type(error).__name__, at=place(error))
            self.metrics.broken += 1
            self.desk.floor.end(talk.memory)
            await talk.say("error.general")

    def _talk(self, context: Context, speaker: Speaker, heard: Heard, memory: Memory) -> Talk:
        return Talk(context, speaker, heard, memory, self.content, self.redact)

    def _language(self, context: Context) -> str:
        return self.desk.language_of(context.activity.locale or "") or self.content.languages[0]

    def _heard(self, activity: Any) -> Heard:
        locale = activity.locale or ""
        if activity.type == "message":
            zone = (activity.local_timezone or "")[:64]
            return Heard("message", self._clean(activity.text), pressed(activity.value), locale, zone)
        if activity.type == "invoke":
            return Heard({FETCH: "page", SUBMIT: "closed"}.get(activity.name, "other"), locale=locale)
        if activity.type == "event" and activity.name == KNOCK:
            return Heard("knock", locale=locale)
        if activity.type == "event" and activity.name == LANGUAGE:
            return Heard("language", str(activity.value)[:10], locale=locale)
        if activity.type == "installationUpdate":
            return Heard(_INSTALLED.get(activity.action, "other"), locale=locale)
        if activity.type == "conversationUpdate" and _joined(activity):
            return Heard("joined", locale=locale)
        if activity.type == "endOfConversation":
            return Heard("ended")
        return Heard("other")

    def _clean(self, text: Any) -> str:
        """Text as it can be handled: of bounded length (limit 22), valid Unicode, without mentions and margins."""
        if not isinstance(text, str):
            return ""
        text = text[:self.limits.text_characters]
        printable = text.isprintable()
        if not printable:
            text = text.encode("utf-8", "replace").decode()
        if "<at" in text:   # whoever is spoken to, as Teams marks it: <at>Keyturn</at>
            text = _MENTION.sub(" ", text)
        return (text if printable else "".join(map(_plain, text))).strip()


class _Typing:
    """From some seconds on until it is stopped."""

    def __init__(self, context: Context, after: float) -> None:
        self._context = context
        self._shown: asyncio.Task[None] | None = None
        self._later = asyncio.get_running_loop().call_later(after, self._begin)

    def _begin(self) -> None:
        self._shown = asyncio.get_running_loop().create_task(_type(self._context))

    def stop(self) -> None:
        self._later.cancel()
        if self._shown is not None:
            self._shown.cancel()


async def _type(context: Context) -> None:
    """Show it for as long as it takes: Teams does for some seconds each time."""
    while True:
        try:
            await show_typing(context)
        except KeyturnError as error:
            log.info("typing_not_shown", error=type(error).__name__)
            return
        await asyncio.sleep(_TYPING_SECONDS)


def _joined(activity: Any) -> bool:
    """Whether it is the bot that came: in a group others come and go, and are greeted by nobody."""
    bot = activity.recipient.id if activity.recipient else ""
    return any(one.id == bot for one in activity.members_added or ())


def _plain(one: str) -> str:
    """A character, a blank for one of the many kinds of blank, nothing for one that does not show."""
    if one.isprintable() or one in "\n\t":
        return one
    return " " if one.isspace() else ""


_MENTION = re.compile(r"<at(?: [^<>]{0,100})?>[^<>]{0,200}</at>")


def _kept(memory: Memory) -> dict[str, Any]:
    return {**vars(memory)}


def _remembered(state: dict[str, Any]) -> Memory:
    """The memory kept by this release, or a new one (F10)."""
    if not state or not state.keys() <= _REMEMBERED:
        return Memory()
    # A turn that fails must leave the stored state as it was, and dialogs change their stack in place.
    return Memory(**(deepcopy(state) if state["stack"] else state))
