"""Plays a `.chat` transcript against the real bot: over Direct Line, with the real pages and mailboxes.

A line is one thing that happens; an indented line goes on with the line before.

    locale nb-NO                        the language the client asks for (before anybody speaks)
    teams NAME                          the person is this demo person, signed in to Teams (before anybody speaks)
    zone NAME                           the person's clock is that of this zone
    group                               the person goes on in a group chat in Teams
    another NAME                        this demo person writes in the same conversation from now on
    policy LINE                         the policy's file has this line too, and the house has noticed
    person TEXT                         types TEXT; {totp NAME}, {mail NAME}, {link} are filled in
    bot PATTERN                         the bot's next message; … stands for any text
    button TITLE | TITLE                the buttons below that message, all of them, in order; … ends the list
    press TITLE                         presses the newest button of that name
    page TITLE                          opens the newest link of that name in the chat's browser
    shows PATTERN                       the page holds this text
    password TEXT                       submits the page with this new password
    changes NAME TEXT                   the same on a page that asks for that demo person's present password too
    present TEXT                        the same with this as the present password
    adds LABEL                          scans the page's app, and confirms it with its first code under this name
    makes                               presses the button of a page that has nothing to fill in
    paper NAME                          types that demo person's next recovery code on the page
    from IT NAME                        IT gives that demo person a one-time code, who types it on the page
    wrong TEXT                          types this on the page for codes
    mail NAME: PATTERN                  the newest mail in that demo person's mailbox
    later DURATION                      the clock moves: 45 s, 12 min, 2 h, 3 d; what is due by then is done
    locks NAME                          something tries an old password until that demo person's account is locked
    quiet                               the bot has nothing more to say
    signs in NAME                       the last password submitted opens the account; `fails` says it does not
    signs in NAME fails
    staff TEXT                          the helpdesk answers the most pressing case; `closes` closes it
    audit EVENT OUTCOME                 a record of this event with this outcome is in the trail
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from bot.directory.demo_staff import STAFF
from bot.rules.helpdesk import HelpCase
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.verification.totp import current_code
from tests.support.chat import Chat, SecurePage
from tests.support.clock import SteppedClock
from tests.support.people import code_for, mails_of, sign_in
from tests.support.teams_chat import TeamsChat

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_BEFORE = ("locale", "teams", "policy")


def lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line number, verb, the rest) for everything that happens in a transcript."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            before, text = found[-1]
            found[-1] = (before, f"{text} {line.strip()}")
        else:
            found.append((number, line.strip()))
    for number, text in found:
        verb, _, rest = text.partition(" ")
        yield number, verb, rest.strip()


class Play:
    """One transcript on its way."""

    def __init__(self, desk: Desk, clock: SteppedClock, chat: Chat) -> None:
        self.desk, self.clock, self.chat = desk, clock, chat
        self.page: SecurePage | None = None
        self.typed = ""
        self.heard = chat.said[-1] if chat.said else None
        self.verbs: dict[str, Callable[[str], Awaitable[None]]] = {
            name: getattr(self, f"_{name}") for name in (
                "locale", "teams", "zone", "group", "another", "policy", "person", "bot", "button",
                "press", "page", "shows", "password", "changes",
                "present", "adds", "makes", "paper", "from", "wrong",
                "mail", "later", "quiet", "signs", "staff", "locks", "audit")}
        self._spent: dict[str, str] = {}

    async def run(self, path: Path) -> None:
        begun = False
        for number, verb, rest in lines(path):
            try:
                if not begun and verb not in _BEFORE:
                    await self.chat.begin()
                    begun = True
                await self.verbs[verb](rest)
            except (AssertionError, KeyError, TimeoutError) as error:
                raise AssertionError(f"{path.name}:{number}: {verb} {rest}\n{error or type(error).__name__}") from error
        left = await self.chat.quiet()
        assert not left, f"{path.name}: the bot also said {[one.text for one in left]}"

    async def _locale(self, locale: str) -> None:
        self.chat.locale = locale

    async def _teams(self, name: str) -> None:
        await self.chat.close()
        self.chat = TeamsChat(self.desk.site.base_url, name, self.chat.locale)

    async def _zone(self, name: str) -> None:
        assert isinstance(self.chat, TeamsChat)
        self.chat.zone = name

    async def _group(self, _rest: str) -> None:
        assert isinstance(self.chat, TeamsChat)
        self.chat.go_to("groupChat")

    async def _another(self, name: str) -> None:
        assert isinstance(self.chat, TeamsChat)
        self.chat.hand_over_to(name)

    async def _policy(self, line: str) -> None:
        path = self.desk.settings.policy_path
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(f"{before}{line}\n", encoding="utf-8")
        for _ in range(2):
            await self.desk.policy_in_force.check()

    async def _person(self, text: str) -> None:
        await self.chat.say(await self._filled(text))

    async def _bot(self, pattern: str) -> None:
        self.heard = await self.chat.hear()
        assert _matches(pattern, self.heard.text), f"the bot said: {self.heard.text}"

    async def _button(self, titles: str) -> None:
        assert self.heard is not None
        shown = [one["title"] for one in self.heard.buttons]
        wanted = [one.strip() for one in titles.split("|")]
        if wanted[-1] == "…":
            shown, wanted = shown[:len(wanted) - 1], wanted[:-1]
        assert wanted == shown, f"the buttons are {shown}"

    async def _press(self, title: str) -> None:
        await self.chat.press(title)

    async def _page(self, title: str) -> None:
        self.page = await self.chat.page(self.chat.link(title))

    async def _shows(self, pattern: str) -> None:
        assert self.page is not None
        assert _matches(f"…{pattern}…", self.page.text), f"the page says ({self.page.status}): {self.page.text}"

    async def _password(self, password: str) -> None:
        assert self.page is not None
        self.typed = password
        self.page = await self.chat.submit(self.page, password)

    async def _changes(self, rest: str) -> None:
        name, _, self.typed = rest.partition(" ")
        account = await self.desk.people.directory.find(name)
        present = await self.desk.kept.accounts.initial_password(account.id) if account else None
        assert self.page is not None
        assert present is not None
        self.page.fields["current"] = present.reveal()
        self.page = await self.chat.submit(self.page, self.typed)

    async def _present(self, password: str) -> None:
        assert self.page is not None
        self.page.fields["current"] = password
        self.page = await self.chat.submit(self.page, "elgen drakk kald kakao i regnvær")

    async def _adds(self, label: str) -> None:
        assert self.page is not None
        key = re.search(r"<code>([A-Z2-7 ]{39})</code>", self.page.html)
        assert key, f"no key on the page: {self.page.text}"
        code = current_code(Secret(key.group(1).replace(" ", "")), self.clock.now())
        await self._submit(code=code, label=label)

    async def _makes(self, _rest: str) -> None:
        await self._submit(make="1")

    async def _paper(self, name: str) -> None:
        unused = [one.code for one in await self.desk.demo_desk.recovery_codes(name) if not one.used]
        assert unused, f"{name} has no recovery codes that can be read"
        await self._submit(code=unused[0])

    async def _from(self, rest: str) -> None:
        account = await self.desk.people.directory.find(rest.removeprefix("IT "))
        assert account is not None
        code = await self.desk.kept.one_time_codes.issue(
            account.id, "staff:it", self.desk.settings.limits.it_code_seconds)
        await self._submit(code=code.reveal())

    async def _wrong(self, code: str) -> None:
        await self._submit(code=code)

    async def _submit(self, **fields: str) -> None:
        assert self.page is not None
        self.page.fields |= fields
        self.page = await self.chat.submit(self.page)

    async def _mail(self, rest: str) -> None:
        name, _, pattern = rest.partition(":")
        mail = (await mails_of(self.desk, name.strip()))[0]
        said = f"{mail.subject} {mail.body}"
        assert _matches(f"…{pattern.strip()}…", said), f"the mail says: {said}"

    async def _later(self, duration: str) -> None:
        number, unit = duration.split()
        self.clock.advance(float(number) * _UNITS[unit])
        await self.desk.journeys.errands.run_due()

    async def _locks(self, name: str) -> None:
        account = await self.desk.people.directory.find(name)
        assert account is not None
        await self.desk.kept.accounts.mark(account.id, locked=True)

    async def _quiet(self, _rest: str) -> None:
        left = await self.chat.quiet()
        assert not left, f"the bot said {[one.text for one in left]}"

    async def _signs(self, rest: str) -> None:
        _, name, *fails = rest.split()
        assert await sign_in(self.desk, name, Secret(self.typed)) is not bool(fails)

    async def _staff(self, text: str) -> None:
        case = (await self.desk.journeys.helpdesk.open_ones())[0]
        if text == "closes":
            done = await self.desk.journeys.helpdesk.close(case.number, STAFF[-1])
        else:
            done = await self.desk.journeys.helpdesk.answer(case.number, STAFF[-1], text)
        assert isinstance(done, HelpCase), f"nothing was done: {done}"

    async def _audit(self, rest: str) -> None:
        event, outcome = rest.split()
        found = [(one["event"], one["outcome"]) async for one in self.desk.kept.audit.export()]
        assert (event, outcome) in found, f"the trail has {found}"

    async def _filled(self, text: str) -> str:
        if name := re.search(r"\{totp ([\w.]+)\}", text):
            text = text.replace(name.group(), await self._fresh_code(name.group(1)))
        if name := re.search(r"\{mail ([\w.]+)\}", text):
            text = text.replace(name.group(), await self._mailed_code(name.group(1)))
        return text

    async def _fresh_code(self, name: str) -> str:
        """The authenticator's code, in a time step that was not used here before (V7)."""
        code = await code_for(self.desk, name)
        while code == self._spent.get(name):
            self.clock.advance(30)
            code = await code_for(self.desk, name)
        self._spent[name] = code
        return code

    async def _mailed_code(self, name: str) -> str:
        body = (await mails_of(self.desk, name))[0].body
        found = re.search(r"\b\d{6,8}\b", body)
        assert found, f"no code in the newest mail: {body}"
        return found.group()


def _matches(pattern: str, text: str) -> bool:
    parts = (re.escape(" ".join(part.split())) for part in pattern.split("…"))
    # Blanks beside … may be there or not.
    regex = ".*".join(part.strip().replace("\\ ", " ") if part.strip() else "" for part in parts)
    return re.fullmatch(regex.replace(" ", r"\s+"), " ".join(text.split()), re.DOTALL) is not None

