"""The one place that builds names of Redis keys, so that no two rooms can ever mean the same one."""

from hashlib import blake2b
from typing import NamedTuple

# Texts from outside (conversation ids, names, addresses) enter a key as a digest only: whatever
# they contain, they cannot collide with another key, and no personal data stands in key names.
# Keys that one script touches together share a {hash tag}.

AUDIT_RECORDS = "kt:{audit}:records"
AUDIT_HEAD = "kt:{audit}:head"
AUDIT_ONCE = "kt:{audit}:once_at"
AUDIT_MARK = "kt:audit_mark"
MAIL_ITEMS = "kt:{mail}:items"
MAIL_DUE = "kt:{mail}:due"
MAIL_DEAD = "kt:{mail}:dead"
PENDING = "kt:{pending}:due"
PENDING_LOOKS = "kt:{pending}:looks"
ERRANDS = "kt:{errands}:due"
ERRAND_LOOKS = "kt:{errands}:looks"
READY = "kt:ready"
UNANSWERED = "kt:{unanswered}:by_time"
OPINIONS = "kt:opinions"
HELD = "kt:{holds}:accounts"
HELP_NUMBER = "kt:{help}:number"
HELP_OPEN = "kt:{help}:open"
MODE = "kt:mode"
AGES = "kt:ages"
POLICY = "kt:policy"
STAFF = "kt:{staff}:people"
HELP_REQUESTS = "kt:{staff}:requests"
DIRECT_LINE_WAKES = "kt:direct_line:wakes"
GLOBAL_TRIES = "kt:{tries}:global"
LIFE = "kt:{tries}:life"
"""What shows that the store still knows all it was told: see `trust`."""


def digest(*parts: str) -> str:
    """32 hex characters that stand for these texts, in this order; ("a", "b") and ("ab",) differ."""
    joined = ""
    for part in parts:
        joined += f"{len(part)}:{part}"
    return blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class OfTurn(NamedTuple):
    """What a turn touches: its conversation, who has it, that the activity has been processed, and the news."""

    conversation: str
    lease: str
    activity: str
    news: str


def turn(key: str, activity_id: str) -> OfTurn:
    """All at once: every message asks for them."""
    tag = _conversation(key)
    return OfTurn(f"{tag}:state", f"{tag}:lease", f"{tag}:seen:{digest(activity_id)}", f"{tag}:news")


def conversation(key: str) -> str:
    return f"{_conversation(key)}:state"


def news(key: str) -> str:
    """What is to be told in a conversation."""
    return f"{_conversation(key)}:news"


def news_once(key: str, once: str) -> str:
    return f"{_conversation(key)}:told:{digest(once)}"


def _conversation(key: str) -> str:
    return f"kt:{{c:{digest(key)}}}"


def audit_of(target: str) -> str:
    """The numbers of the newest audit records about an account."""
    return f"kt:{{audit}}:of:{digest(target)}"


def mail_once(once: str) -> str:
    return f"kt:{{mail}}:once:{digest(once)}"


def mailbox(address: str) -> str:
    return f"kt:mailbox:{digest(address.casefold())}"


def case(case_id: str) -> str:
    return f"kt:{{cases}}:case:{digest(case_id)}"


def cases_of(account_id: str) -> str:
    """Which cases an account has open."""
    return f"kt:{{cases}}:of:{digest(account_id)}"


def ticket(ticket_hash: str) -> str:
    return f"kt:{{cases}}:ticket:{digest(ticket_hash)}"


def alarm_link(link_hash: str) -> str:
    """Whose account a link "this wasn't me" shuts, and whether it did."""
    return f"kt:alarm:{digest(link_hash)}"


def code(challenge: str) -> str:
    return f"kt:code:{digest(challenge)}"


def one_time_code(account_id: str) -> str:
    """The code that IT gave an account for registering."""
    return f"kt:{{tries}}:one_time:{digest(account_id)}"


def enrolment(account_id: str) -> str:
    return f"kt:{{e:{digest(account_id)}}}:record"


def enrolment_effect(account_id: str, key: str) -> str:
    """Whether the change with this idempotency key was made to what is registered, or is void."""
    return f"kt:{{e:{digest(account_id)}}}:effect:{digest(key)}"


def last_used(account_id: str) -> str:
    """When each of an account's methods was last used."""
    return f"kt:{{e:{digest(account_id)}}}:used"


def snoozes(account_id: str) -> str:
    """Until when, and how often, an owner put off registering."""
    return f"kt:{{e:{digest(account_id)}}}:snoozes"


def holds(account_id: str) -> str:
    """Why self-service is switched off for an account."""
    return f"kt:{{holds}}:of:{digest(account_id)}"


def hold_effect(key: str) -> str:
    """Whether the change with this idempotency key was made to an account's holds, or is void."""
    return f"kt:{{holds}}:effect:{digest(key)}"


def ratings(month: str) -> str:
    """What became of the answers of a month."""
    return f"kt:ratings:{digest(month)}"


def unanswered(question: str) -> str:
    """A question that the bot could not answer, by its keyed digest."""
    return f"kt:{{unanswered}}:question:{digest(question)}"


def unanswered_settled(question: str) -> str:
    """That IT is done with such a question."""
    return f"kt:{{unanswered}}:settled:{digest(question)}"


def help_case(number: str) -> str:
    return f"kt:{{help}}:case:{digest(number)}"


def help_of(person: str) -> str:
    """The helpdesk cases of one person."""
    return f"kt:{{help}}:of:{digest(person)}"


def help_once(once: str) -> str:
    """The number that one opening of a helpdesk case was given."""
    return f"kt:{{help}}:once:{digest(once)}"


def help_effect(key: str) -> str:
    """Whether the change with this idempotency key was made to a helpdesk case, or is void."""
    return f"kt:{{help}}:effect:{digest(key)}"


def help_window(whose: str, name: str) -> str:
    """The helpdesk cases opened lately by one person, from one address, by all visitors."""
    return f"kt:{{help}}:{whose}:{digest(name)}"


def totp_step(method_id: str) -> str:
    """The last time step an authenticator was accepted with."""
    return f"kt:step:{digest(method_id)}"


def recovery_spent(set_id: str) -> str:
    """The spent codes of a set of recovery codes."""
    return f"kt:recovery:{digest(set_id)}"


def account(account_id: str) -> str:
    """An account of the embedded directory."""
    return f"kt:{{accounts}}:account:{digest(account_id)}"


def account_name(name: str) -> str:
    """Which account of the embedded directory has this sign-in name."""
    return f"kt:{{accounts}}:name:{digest(name)}"


def tries(whose: str, *name: str) -> str:
    """Failed proofs of one `whose` ("challenge", "account", "row", "requester", "source")."""
    return f"kt:{{tries}}:{whose}:{digest(*name)}"


def starts(what: str, *name: str) -> str:
    """Starts, sends or completions of one kind."""
    return f"kt:{{tries}}:starts:{digest(what, *name)}"


def targets(whose: str, name: str) -> str:
    """Accounts one anonymous requester or source has named."""
    return f"kt:{{tries}}:targets:{whose}:{digest(name)}"


def refusals(about: str) -> str:
    """How often one party was refused in the same way lately."""
    return f"kt:refusals:{digest(about)}"


def direct_line(conversation_id: str) -> str:
    """A web chat's log, and whose it is."""
    return f"kt:{{d:{digest(conversation_id)}}}:log"


# -- the people of IT -------------------------------------------------------------------------------

def staff_session(session: str) -> str:
    return f"kt:{{staff}}:session:{digest(session)}"


def staff_browser(browser: str) -> str:
    """Who signed in before in a browser."""
    return f"kt:{{staff}}:browser:{digest(browser)}"


def staff_set_up(token: str) -> str:
    """What a one-time set-up link opens."""
    return f"kt:{{staff}}:set_up:{digest(token)}"


def help_form(form: str) -> str:
    """What became of one form that IT sent."""
    return f"kt:{{staff}}:form:{digest(form)}"


def staff_effect(key: str) -> str:
    """Whether the change with this idempotency key was made to IT's people, or ended a pause; or that it is void."""
    return f"kt:{{staff}}:effect:{digest(key)}"


def staff_link(staff_id: str) -> str:
    """Where the newest set-up link of a person is."""
    return f"kt:{{staff}}:link:{digest(staff_id)}"


# -- the embedded directory's effects ---------------------------------------------------------------

def effect(account_id: str, key: str) -> str:
    """Whether the effect with this idempotency key was applied to the account, or is void."""
    return f"kt:{{accounts}}:effect:{digest(account_id, key)}"


# -- effects at directories that are not ours ---------------------------------------------------------

def directory_effect(account_id: str, key: str) -> str:
    """Whether the effect with this idempotency key was begun, was applied to the account, or is void."""
    return f"kt:effect:{digest(account_id, key)}"
