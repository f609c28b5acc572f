"""What the directory's own sign-in knows of an account, for its owner to see."""

from dataclasses import dataclass
from enum import StrEnum


class OwnPage(StrEnum):
    """Whether the directory's own page for forgotten passwords would serve somebody."""

    WORKS = "works"
    UNREGISTERED = "unregistered"   # too little is registered there
    OFF = "off"                     # the organisation has not opened it for this person
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """`kind` names content `my_status.there.<kind>`; `detail` is masked, or a clean label, or empty."""

    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SignInThere:
    """What the directory's own sign-in knows of an account, for its owner. `methods`: None when they cannot be read."""

    methods: tuple[SignInMethod, ...] | None = None
    page: OwnPage = OwnPage.UNKNOWN
