"""Times as the admin pages write them: in UTC, which a script of ours turns into the reader's own."""

from collections.abc import Callable
from datetime import datetime

from markupsafe import Markup, escape

from bot.clock import utc

_PLACE = "\0"


def shown(at: float | str) -> Markup:
    """A `time` element for seconds since 1970, or for a time as the audit trail writes it; empty for 0 and for ""."""
    if not at:
        return Markup()
    moment = datetime.fromisoformat(at) if isinstance(at, str) else utc(at)
    text = f"{moment:%d.%m.%Y} {moment:%H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(f"{moment:%Y-%m-%dT%H:%M:%SZ}", text)


def telling(say: Callable[..., str]) -> Callable[..., Markup]:
    """`say` for sentences in which a time stands, as the fact `time`."""

    def told(key: str, time: float | str, **facts: object) -> Markup:
        before, _, after = say(key, time=_PLACE, **facts).partition(_PLACE)
        return escape(before) + shown(time) + escape(after)

    return told
