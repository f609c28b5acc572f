"""A small bot behind the real Direct Line: greets, echoes, and does what the tests ask for by name."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.schema import Activity, Attachment, CardAction, SuggestedActions

from bot.background import Background
from bot.browser import BrowserCookie
from bot.channel.adapter import Adapter
from bot.channel.cards import Button, buttons_card
from bot.channel.directline import PREFIX, DirectLine
from bot.channel.directline_door import Door
from bot.channel.directline_tokens import DirectLineTokens
from bot.channel.proxies import client_address
from bot.clock import Clock
from bot.ending import Ending
from bot.people import Speaker
from bot.rules.limits import Limits
from bot.site import Site
from bot.store.connection import Store
from bot.store.direct_line import ConversationLogs, Wakes
from bot.store.sealed import KeyRing

CARD = {
    "type": "AdaptiveCard", "version": "1.5",
    "body": [{"type": "TextBlock", "text": "A card", "wrap": True},
             {"type": "Input.Text", "id": "note", "label": "Note"}],
    "actions": [{"type": "Action.Submit", "title": "Send it", "data": {"kind": "note"}}],
}


def _with_buttons(text: str, *cards: dict[str, Any]) -> Activity:
    return Activity(type="message", text=text, text_format="markdown", locale="en", attachments=[
        Attachment(content_type=one["contentType"], content=one["content"]) for one in cards])


def _button(title: str, do: str) -> Button:
    return Button(title, {"do": do, "topic": title})


REPLIES = {
    "answer": lambda: _with_buttons(
        "An answer.",
        buttons_card([_button("Begin", "start"), _button("Steps", "steps"), _button("For admins", "admin"),
                      _button("Another topic", "topic")]),
        buttons_card([_button("Yes, it did", "helped"), _button("No", "helped")], "Did that help?")),
    "long answer": lambda: _with_buttons(
        "The beginning.\n\n" + "\n\n".join(["A long answer goes on and on, line after line."] * 12),
        buttons_card([_button("The button at the end", "topic")])),
    "flow": lambda: _with_buttons(
        "Type the code.", buttons_card([_button("Resend", "resend"), _button("Cancel", "cancel")])),
    "page": lambda: _with_buttons("Open it.", buttons_card([Button("The secure page", url=PAGE)])),
    "english": lambda: Activity(type="message", text="In English", locale="en"),
    "norsk": lambda: Activity(type="message", text="På norsk", locale="nb"),
}
"""Messages as Keyturn's own conversations send them, by what the test types."""
PAGE = "https://keyturn.example/secure/abc"


@dataclass
class Echo:
    """The bot's logic; `turns` is what it heard."""

    turns: list[tuple[Activity, Speaker]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)  # "wait" waits for it
    link: str = "https://keyturn.example/secure/abc"

    async def __call__(self, context: TurnContext, speaker: Speaker) -> None:
        activity = context.activity
        self.turns.append((activity, speaker))
        self.heard.set()
        if activity.type == "conversationUpdate":
            await context.send_activity(_greeting(activity.locale or ""))
        elif activity.type == "message":
            await self._message(context, activity)
        elif activity.type == "event":
            await context.send_activity(f"event {activity.name}: {activity.value}")

    async def _message(self, context: TurnContext, activity: Activity) -> None:
        text = activity.text
        if text == "wait":
            await self.gate.wait()
        elif text == "break":
            raise RuntimeError("the bot is broken")
        elif text == "card":
            card = Attachment(content_type="application/vnd.microsoft.card.adaptive", content=CARD)
            await context.send_activity(Activity(type="message", attachments=[card]))
            return
        elif text == "link":
            await context.send_activity(f"Open [the page]({self.link})")
            return
        elif text in REPLIES:
            await context.send_activity(REPLIES[text]())
            return
        elif text == "typing":
            await context.send_activity(Activity(type="typing"))
        await context.send_activity(f"echo: {text}" if text else f"values: {activity.value}")


def _greeting(locale: str) -> Activity:
    words = "Hei! Hva kan jeg hjelpe med?" if locale.startswith("nb") else "Hello! What can I help with?"
    titles = ("I forgot my password", "card", "link")
    actions = [CardAction(type="imBack", title=one, value=one) for one in titles]
    return Activity(type="message", text=words, suggested_actions=SuggestedActions(actions=actions))


async def silent(_context: TurnContext, _speaker: Speaker) -> None:
    """What a bot says that knows no answer without its store."""


async def sorry(context: TurnContext, _error: Exception) -> None:
    await context.send_activity("sorry")


def direct_line(
        echo: Any, store: Store, ring: KeyRing, clock: Clock, site: Site, *,
        limits: Limits | None = None, replica: str = "one", **options: Any) -> tuple[DirectLine, Adapter]:
    """As the composition root builds it."""
    kept = limits or Limits()
    adapter = Adapter(echo, sorry)
    door = Door(
        ConversationLogs(store, ring, kept.abandoned_seconds), DirectLineTokens(ring, clock),
        BrowserCookie(secure=site.secure), site, kept, client_address)
    away = Adapter(silent, sorry)
    return DirectLine(adapter, door, Wakes(store, replica), clock, Ending(10), away=away, **options), adapter


def mounted(line: DirectLine) -> web.Application:
    app = web.Application()
    mount(line, app)
    return app


def mount(line: DirectLine, app: web.Application) -> None:
    """Its calls, and what has to run beside them for as long as the application."""
    async def beside(_app: web.Application) -> AsyncIterator[None]:
        background = Background()
        for name, work in line.works().items():
            background.keep(name, work)
        yield
        await background.end(1)

    app.add_subapp(PREFIX, line.app())
    app.cleanup_ctx.append(beside)
