"""Who is at the other end of a turn, as the channel (never the client) says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.secret import Secret

WEB_CHAT = "directline"
"""The channel of visitors of our own web chat, and of nobody whom the channel service speaks for."""

TEAMS = "msteams"

MAIL = "mail"
"""The channel of whoever pressed a link in a mail to an account's registered address."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """The sender of one activity, and where it came from.

    `object_id` is the directory object the channel vouches for, or None for a visitor of the
    web chat, who is anonymous whatever the client sends (I1, I2).
    """

    channel: str            # "msteams", WEB_CHAT, ... as the gate verified it
    tenant: str             # tenant id, "" in web chat
    conversation: str       # the channel's id of the conversation
    user: str               # the channel's id of the sender
    object_id: str | None
    source: str = ""        # address of the client, by the trusted proxies' word (V5)
    browser: str = ""       # SHA-256 (hex) of the cookie of the browser that holds the chat (P3)
    personal: bool = True   # one-to-one scope (I4)
    guest: bool = False     # external or federated: FAQ answers only (I3)

    @property
    def anonymous(self) -> bool:
        return self.object_id is None

    @property
    def in_our_web_chat(self) -> bool:
        """Whether a browser of ours holds the chat, so that a secure page can be bound to it (P3)."""
        return self.channel == WEB_CHAT

    @property
    def in_teams(self) -> bool:
        return self.channel == TEAMS

    @property
    def place(self) -> str:
        """Key of what this speaker and the bot say to each other in this conversation (I5)."""
        return f"{self.channel}/{self.tenant}/{self.conversation}/{self.user}"

    @property
    def requester(self) -> str:
        """Key under which this sender's tries are counted."""
        return f"{self.channel}:{self.tenant}:{self.object_id or self.user}"


@dataclass(frozen=True, slots=True)
class SignedOn:
    """Who is signed in to a page, as the organisation's own login service says it (P3); `token` is where it does."""

    tenant: str
    object_id: str
    token: Secret = field(default=Secret(""), repr=False, compare=False)

    def is_speaker(self, speaker: Mapping[str, object]) -> bool:
        """Whether it is the speaker of these fields."""
        return (self.tenant, self.object_id) == (speaker.get("tenant"), speaker.get("object_id"))
