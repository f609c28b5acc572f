"""Self-service switched off for one account, by its owner's alarm or by IT (O7)."""

from dataclasses import dataclass

FROZEN = "frozen"       # "this wasn't me": until IT has looked into it
PAUSED = "held"         # IT paused self-service


@dataclass(frozen=True, slots=True)
class Hold:
    """`by`: who put it, as the audit trail names them; `since`: seconds since 1970."""

    account: str
    kind: str
    by: str
    since: float
