"""Cards as plain JSON, in the few shapes that Teams and Web Chat draw alike, and one for the Agents Playground."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PRESSED = "keyturn"
"""The field of a button's value that holds what was pressed; the client may send anything in it (I6)."""

FETCH, SUBMIT = "task/fetch", "task/submit"
"""What Teams calls it when a dialog is to be opened, and when one was closed with something in it."""

MOST_IN_TEAMS = 6
"""Buttons of one card; what is more, Teams leaves out."""

_PLAYGROUND = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?/_connector/?")


@dataclass(frozen=True, slots=True)
class Button:
    """One thing to press: a link when `url` is set, else `value` comes back with `title` as its text.

    A `dialog` opens a window inside Teams, whose address is asked of us when it is pressed (task/fetch).
    """

    title: str
    value: Mapping[str, str] | None = None
    url: str = ""
    dialog: bool = False


def rows(buttons: Sequence[Button], most: int = 0) -> list[Sequence[Button]]:
    """As many cards as it takes, of about the same length each; one, however long, where `most` is 0."""
    length = len(buttons)
    if not most or length <= most:
        return [buttons] if length else []
    each = -(-length // -(-length // most))
    return [buttons[begin:begin + each] for begin in range(0, length, each)]


def buttons_card(buttons: Sequence[Button], title: str = "") -> dict[str, Any]:
    """A hero card, as an attachment: the one card with buttons that all our channels draw alike.

    A pressed button sends a message with its title as the text (messageBack), so the conversation
    reads well, also to a screen reader, and a client that knows no values sends text we understand.
    Our own chat page draws them itself (pages/static/cards.js), by the value's "do": what begins
    something stands out, and what belongs to one moment dies with it. A title makes the buttons small.
    """
    content: dict[str, Any] = {"buttons": [_action(one) for one in buttons]}
    if title:
        content["text"] = title
    return {"contentType": "application/vnd.microsoft.card.hero", "content": content}


def submit_card(buttons: Sequence[Button], title: str = "") -> dict[str, Any]:
    """The same as an adaptive card, for a client that knows no messageBack: a value comes back, without a text."""
    content: dict[str, Any] = {
        "type": "AdaptiveCard", "version": "1.4",
        "body": [{"type": "TextBlock", "text": title, "wrap": True}] if title else [],
        "actions": [_submit(one) for one in buttons]}
    return {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}


def only_submits(service_url: object) -> bool:
    """Whether replies go to the Agents Playground, which is on this machine and leaves messageBack to real Teams."""
    return _PLAYGROUND.fullmatch(str(service_url)) is not None


def dialog(title: str, url: str) -> dict[str, Any]:
    """The answer to FETCH that opens a page of ours."""
    return {"task": {"type": "continue", "value": {
        "title": title, "url": url, "fallbackUrl": url, "height": "large", "width": "medium"}}}


def no_dialog(why: str) -> dict[str, Any]:
    """The answer to FETCH that opens nothing, and says why in plain text."""
    return {"task": {"type": "message", "value": why}}


def pressed(value: object) -> dict[str, str]:
    """What a card sent back, as far as it has the shape of our buttons; never trusted further (I6)."""
    if not isinstance(value, dict):
        return {}
    inner = value.get(PRESSED)
    if not isinstance(inner, dict) or len(inner) > 4:
        return {}
    return {name: text for name, text in inner.items()
            if isinstance(name, str) and isinstance(text, str) and len(text) <= 100}


def _action(button: Button) -> dict[str, Any]:
    if button.url:
        return {"type": "openUrl", "title": button.title, "value": button.url}
    if button.dialog:
        return {"type": "invoke", "title": button.title,
                "value": {"type": FETCH, PRESSED: dict(button.value or {})}}
    return {"type": "messageBack", "title": button.title, "text": button.title,
            "displayText": button.title, "value": {PRESSED: dict(button.value or {})}}


def _submit(button: Button) -> dict[str, Any]:
    if button.url:
        return {"type": "Action.OpenUrl", "title": button.title, "url": button.url}
    return {"type": "Action.Submit", "title": button.title, "data": {PRESSED: dict(button.value or {})}}
