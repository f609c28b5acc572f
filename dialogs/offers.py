"""What can be begun here, and by whom (I3, I4, V8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.people import Speaker
from bot.rules.policy import ANONYMOUS, OWNER, Policy
from dialogs.talk import Press

CANCEL = Press("common.button.cancel", {"do": "cancel"})
PERSON = Press("common.button.person", {"do": "start", "journey": "fetch_a_person"})
FETCH = Press("fetch_a_person.button.start", {"do": "start", "journey": "fetch_a_person"})


@dataclass(frozen=True, slots=True)
class Offers:
    """`journeys`: operations by the name of the conversation, "" for one that needs no proof.

    `visitors`: whether web chat may begin any.
    """

    journeys: Mapping[str, str]
    policy: Callable[[], Policy]
    visitors: bool
    _known: dict[str, tuple[Policy, frozenset[str]]] = field(default_factory=dict, init=False)

    def to(self, speaker: Speaker) -> frozenset[str]:
        """Names of the conversations that this speaker may begin where they are."""
        anonymous = speaker.anonymous
        if not speaker.personal or speaker.guest or (anonymous and not self.here(speaker)):
            return frozenset()
        way, policy = ANONYMOUS if anonymous else OWNER, self.policy()
        made_of, offered = self._known.get(way, (None, frozenset()))
        if made_of is not policy:   # Every turn asks, and a policy seldom changes.
            offered = frozenset(
                name for name, operation in self.journeys.items()
                if not operation or policy.gates_for(operation, way) is not None)
            self._known[way] = policy, offered
        return offered

    def to_owners(self, journey: str) -> bool:
        """Whether people who are signed in may begin it."""
        operation = self.journeys.get(journey, "")
        return bool(operation) and self.policy().gates_for(operation, OWNER) is not None

    def here(self, speaker: Speaker) -> bool:
        """Whether a visitor is in our own web chat: only there is a browser that the pages can be bound to (P3)."""
        return self.visitors and speaker.in_our_web_chat

    def button(self, journey: str) -> Press:
        return Press(f"{journey}.button.start", {"do": "start", "journey": journey})
