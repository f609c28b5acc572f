"""What a secure page shows: its beginning, its forms and every end, in words (P3, P9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from bot.journeys.protocol import End, Ended, Form, RuleState, Unbound
from bot.pages.error_pages import RETRY, problem_of
from bot.pages.headers import FRAMED
from bot.pages.languages import asked_language, page_language
from bot.pages.qr import qr_svg
from bot.pages.rendering import Renderer
from bot.rules.passwords import NO_CURRENT, NO_NEW, OF_CURRENT, WRONG_CURRENT

STATE_HEADER = "Keyturn-State"      # lets the waiting page ask whether there is news
# One status for expired, used, unknown, malformed and somebody else's ticket (E3).
GONE = 404

# The names of a form's fields, and the template that has them, by the form's kind.
_TEMPLATES = {"reset": "secure_form.html", "change": "secure_form.html", "prove": "secure_code.html",
              "recovery_codes": "secure_make.html", "temporary_pass": "secure_make.html",
              "register_app": "secure_app.html"}
_RESULTS = {("prove", End.DONE): "proved", ("recovery_codes", End.DONE): "shown",
            ("temporary_pass", End.DONE): "shown",
            ("register_app", End.DONE): "app"}
_SHOWN = {"temporary_pass": "pass"}

# Kept by nearly everything people type: on the checklist only once they are broken.
_SELDOM = frozenset({"too_long", "unprintable", "ambiguous", "encoding"})

# Nothing that was typed is wrong.
OF_NOTHING_TYPED = frozenset({"sign_on", "busy"})
_OF_CURRENT = OF_CURRENT | {NO_CURRENT}
_NO_RULES = _OF_CURRENT | OF_NOTHING_TYPED | {NO_NEW}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One line of the checklist, in words."""

    key: str
    text: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A page that is opened inside another program: whose, and what it needs to speak with it."""

    origins: Sequence[str]      # those that may embed it, and nobody else (P5)
    library: str                # where the script is that knows how to speak with them


@dataclass(frozen=True, slots=True)
class Faces:
    """Each method answers with a whole page; inside a `frame`, or by itself."""

    renderer: Renderer
    frame: Frame | None = None

    def start(self, request: web.Request, seen: Unbound, action: str, token: str) -> web.Response:
        """What a ticket shows that nobody has taken yet; the button posts to `action`."""
        lang = asked_language(request, self.renderer.languages) or seen.lang
        return self._page("secure_start.html", lang, "start", words=f"pages.{seen.operation}", phrase=seen.phrase,
                          action=f"{action}?lang={lang}", token=token, signs_on=seen.sign_on)

    def form(
        self, request: web.Request, form: Form, token: str, broken: Iterable[RuleState] = (), seat: str = "",
    ) -> web.Response:
        """The form, and what is wrong with what was typed; `seat` comes back with it (see dialog)."""
        lang = asked_language(request, self.renderer.languages) or form.lang
        known = {rule.key: rule.facts for rule in form.rules}
        # A directory names rules without their numbers; the form has those.
        wrong = {
            one.key: RuleState(one.key, False, {**known.get(one.key, {}), **one.facts}) for one in broken}
        shown = {rule.key: rule for rule in form.rules if rule.key not in _SELDOM} | wrong
        lines = [RuleLine(key, self.words("rule", lang, rule), key in wrong) for key, rule in shown.items()
                 if key not in _NO_RULES]
        words = f"pages.{form.operation}"
        app = form.new_app
        draw = partial(qr_svg, app.uri.reveal()) if app else None
        return self._page(
            _TEMPLATES[form.kind], lang, "form", status=422 if wrong else 200, draw=draw,
            form=form, token=token, seat=seat, words=words, rules=lines,
            current_is_bad=bool(_OF_CURRENT & wrong.keys()),
            password_is_bad=bool(wrong.keys() - OF_NOTHING_TYPED - {WRONG_CURRENT, NO_CURRENT}),
            problems=[self.words("broken", lang, rule) for rule in wrong.values()])

    def ended(self, request: web.Request, ended: Ended, token: str = "", seat: str = "") -> web.Response:
        """How it ended, or that nobody knows yet."""
        lang = asked_language(request, self.renderer.languages) or ended.lang
        words = f"pages.{ended.operation}"
        reason = self.renderer.say(
            lang, f"{words}.refused.reason.{ended.reason}", f"{words}.refused.reason.other", {})
        name = _SHOWN.get(ended.operation, "codes") if ended.codes \
            else _RESULTS.get((ended.operation, ended.end), ended.end.value)
        template = f"result_{name}.html"
        # Codes are shown once: only their reader closes that page.
        closes = "soon" if ended.end is End.DONE and not ended.codes else "later"
        return self._page(template, lang, ended.end.value, words=words, reason=reason, token=token, seat=seat,
                          codes=[code.reveal() for code in ended.codes], minutes=ended.minutes,
                          closes="" if ended.end is End.CHECKING else closes)

    def gone(self, request: web.Request) -> web.Response:
        """A ticket that opens nothing here, whatever the reason (E3)."""
        lang = page_language(request, self.renderer.languages)
        return self._page("gone.html", lang, "gone", status=GONE, closes="later")

    def refused(self, request: web.Request, status: int) -> web.Response:
        """Nothing was changed, and the ticket was not asked about, so this says nothing of it (E3)."""
        lang = page_language(request, self.renderer.languages)
        response = self._page("error.html", lang, "error", status=status, problem=problem_of(status), closes="later")
        response.headers.update(RETRY.get(status, {}))
        return response

    def unknown(self, request: web.Request, again: str) -> web.Response:
        """Whoever is at the page, their sign-on said nothing that can be believed (P3); `again` is where to retry."""
        lang = page_language(request, self.renderer.languages)
        return self._page("not_signed_on.html", lang, "error", status=403, again=again, closes="later")

    def _page(
        self, template: str, lang: str, state: str, *, status: int = 200, **facts: object,
    ) -> web.Response:
        frame = self.frame
        response = self.renderer.page(
            template, lang, status=status, framed_by=frame.origins if frame else (), frame=frame,
            **{"closes": "", **facts})
        response.headers[STATE_HEADER] = state
        if frame:
            response.headers.update(FRAMED)
        return response

    def words(self, kind: str, lang: str, rule: RuleState) -> str:
        """A rule in words; a directory may refuse by a rule of its own that the content has no words for."""
        return self.renderer.say(lang, f"password.{kind}.{rule.key}", f"password.{kind}.other", rule.facts)
