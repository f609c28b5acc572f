"""For the people who keep the content: what was asked in vain, the phrases they added, and how the answers do."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.admin.pages import AdminPages, Room, staff
from bot.audit import entry
from bot.content import Content
from bot.content.own_phrases import LONGEST, OwnPhrase, OwnPhrases, fits, folded, standing_phrases
from bot.rules.codes import holds_recovery_code
from bot.rules.staff import ADMIN
from bot.rules.unanswered import GAP
from bot.rules.volunteered import holds_password
from bot.store.protocol import AuditTrail
from bot.store.ratings import Rating, Ratings
from bot.store.unanswered import Unanswered, UnansweredQuestions

log = structlog.get_logger(__name__)

QUESTIONS, PHRASES, ANSWERS = "/admin/questions", "/admin/phrases", "/admin/answers"
_DAY = 86400
_BAR = 120          # units of the widest bar
_DONE = frozenset({"added", "dismissed", "removed"})
_ERROR = "error:"


@dataclass(frozen=True, slots=True)
class Keeper:
    """What the rooms work with."""

    pages: AdminPages
    content: Content
    questions: UnansweredQuestions
    own: OwnPhrases
    ratings: Ratings
    audit: AuditTrail
    source: Callable[[web.Request], str]

    def question_routes(self) -> list[web.RouteDef]:
        one = QUESTIONS + "/{question}"
        return [web.get(QUESTIONS, self.all), web.get(one, self.look), web.post(one, self.add),
                web.post(f"{one}/dismiss", self.dismiss)]

    def phrase_routes(self) -> list[web.RouteDef]:
        return [web.get(PHRASES, self.added), web.post(PHRASES, self.remove)]

    def answer_routes(self) -> list[web.RouteDef]:
        return [web.get(ANSWERS, self.answers)]

    async def all(self, request: web.Request) -> web.Response:
        """By the topic that was nearest; the groups with the most asked come first."""
        groups: dict[str, list[Unanswered]] = {}
        for one in await self.questions.all():
            groups.setdefault(one.near if one.near in self.content.topics else "", []).append(one)
        lang = self.pages.language(request)
        shown = [(self._title(lang, near), found, sum(one.count for one in found)) for near, found in groups.items()]
        return self.pages.page(
            request, "admin_questions.html", groups=sorted(shown, key=lambda one: -one[2]), done=_done(request),
            days=self.questions.kept_seconds // _DAY)

    async def look(self, request: web.Request) -> web.Response:
        question = await self._question(request)
        return self._form(request, question, OwnPhrase(question.lang, question.near, question.text))

    async def add(self, request: web.Request) -> web.Response:
        typed = await self.pages.form(request, {"text", "topic", "lang"})
        question = await self._question(request)
        phrase = OwnPhrase(typed["lang"], typed["topic"], " ".join(typed["text"].split()))
        wrong, taken_by = await asyncio.to_thread(self._wrong, phrase)
        if wrong:
            return self._form(request, question, phrase, wrong, taken_by)
        await self._recorded(request, "add_phrase", phrase, lambda: self.own.add(phrase))
        await self.questions.settle(question.id)
        return self.pages.see(f"{QUESTIONS}?done=added")

    async def dismiss(self, request: web.Request) -> web.Response:
        await self.pages.form(request, frozenset())
        question = await self._question(request)
        await self.audit.append(entry(
            "content.dismiss", actor=staff(request).actor, outcome="done", source=self.source(request),
            correlation=question.id))
        await self.questions.settle(question.id)
        return self.pages.see(f"{QUESTIONS}?done=dismissed")

    async def added(self, request: web.Request) -> web.Response:
        lang = self.pages.language(request)
        own = await asyncio.to_thread(self.own.all)
        return self.pages.page(
            request, "admin_phrases.html", done=_done(request),
            rows=sorted(((self._title(lang, one.topic) or one.topic, one) for one in own), key=lambda row: row[0]))

    async def remove(self, request: web.Request) -> web.Response:
        typed = await self.pages.form(request, {"text", "topic", "lang"})
        phrase = OwnPhrase(typed["lang"], typed["topic"], typed["text"])
        await self._recorded(request, "remove_phrase", phrase, lambda: self.own.remove(phrase))
        return self.pages.see(f"{PHRASES}?done=removed")

    async def answers(self, request: web.Request) -> web.Response:
        """Those that helped least come first."""
        lang = self.pages.language(request)
        rows = [self._row(lang, *one) for one in _by_topic(await self.ratings.counts()).items()]
        rows.sort(key=lambda one: (-one["missed"], -one["given"], one["title"]))
        total = {name: sum(one[name] for one in rows) for name in ("given", "helped", "missed", "started", "person")}
        waiting = sum(one.count for one in await self.questions.all())
        return self.pages.page(
            request, "admin_answers.html", rows=rows, total=total, waiting=waiting, bar=_BAR,
            share=_share(total["helped"], total["missed"]), days=self.questions.kept_seconds // _DAY)

    # -- one phrase --------------------------------------------------------------------------------

    def _form(
        self, request: web.Request, question: Unanswered, phrase: OwnPhrase, wrong: str = "", taken_by: str = "",
    ) -> web.Response:
        lang = self.pages.language(request)
        topics = sorted((topic.texts[lang].title, topic.id) for topic in self.content.topics.values())
        unsafe = wrong == "unsafe"      # what should not be kept is not shown again either (D4)
        return self.pages.page(
            request, "admin_question.html", status=422 if wrong else 200, question=question, topics=topics,
            phrase=OwnPhrase(phrase.lang, phrase.topic, "") if unsafe else phrase, wrong=wrong,
            taken_by=self._title(lang, taken_by), longest=LONGEST, gap=GAP)

    def _wrong(self, phrase: OwnPhrase) -> tuple[str, str]:
        """What stands against a phrase, "" for nothing, and the topic that has it."""
        if not phrase.text:
            return "empty", ""
        if GAP in phrase.text:
            return "gap", ""
        if holds_password(phrase.text) or holds_recovery_code(phrase.text):
            return "unsafe", ""
        standing = standing_phrases(self.content)
        if taken_by := standing.get((phrase.lang, folded(phrase.text))):
            return "taken", taken_by
        if not fits(self.content, standing, phrase):
            return ("long" if len(phrase.text) > LONGEST else "topic"), ""
        return "", ""

    async def _recorded(
        self, request: web.Request, act: str, phrase: OwnPhrase, effect: Callable[[], bool],
    ) -> None:
        """Intent, effect, outcome (U1). What the phrase says is no business of the trail."""
        async def record(outcome: str) -> None:
            await self.audit.append(entry(
                f"content.{act}", actor=staff(request).actor, operation=act, outcome=outcome,
                reason=f"{phrase.lang} {phrase.topic}"[:80], source=self.source(request)))

        await record("begun")
        try:
            changed = await asyncio.to_thread(effect)
        except OSError as error:
            log.error("own_phrases_not_written", error=error.strerror)
            await record("not_done")
            raise web.HTTPServiceUnavailable from error
        await record("done" if changed else "already")

    async def _question(self, request: web.Request) -> Unanswered:
        found = await self.questions.read(request.match_info["question"])
        if found is None:
            raise web.HTTPNotFound
        return found

    # -- words -------------------------------------------------------------------------------------

    def _title(self, lang: str, topic: str) -> str:
        found = self.content.topics.get(topic)
        return found.texts[lang].title if found else ""

    def _row(self, lang: str, topic: str, counted: Mapping[str, int]) -> dict[str, Any]:
        error = self.content.errors.get(topic.removeprefix(_ERROR)) if topic.startswith(_ERROR) else None
        # Some are known by what the message says, and have no code.
        title = (error.codes or error.texts[lang].phrases)[0] if error else self._title(lang, topic)
        return {**counted, "title": title or topic,
                "share": _share(counted["helped"], counted["missed"])}


def _by_topic(ratings: Iterable[Rating]) -> dict[str, dict[str, int]]:
    """All languages together."""
    found: dict[str, dict[str, int]] = {}
    for one in ratings:
        sums = found.setdefault(one.topic, dict.fromkeys(("given", "helped", "missed", "started", "person"), 0))
        for name in sums:
            sums[name] += getattr(one, name)
    return found


def _share(helped: int, missed: int) -> int | None:
    """How many of a hundred said that it helped; None where nobody said anything."""
    return round(100 * helped / (helped + missed)) if helped + missed else None


def _done(request: web.Request) -> str:
    """What was just done, to be said once more in words of ours."""
    found = request.query.get("done", "")
    return found if found in _DONE else ""


def keeper_rooms(keeper: Keeper) -> Sequence[Room]:
    """What the bot says and understands is for administrators to change; how it does is for all to see."""
    return [Room(QUESTIONS, "admin.nav.questions", keeper.question_routes(), ADMIN),
            Room(PHRASES, "", keeper.phrase_routes(), ADMIN),
            Room(ANSWERS, "admin.nav.answers", keeper.answer_routes())]
