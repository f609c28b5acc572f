"""What Keyturn is asked under load: questions as people put them, and the words of the right answer."""

from collections.abc import Iterator
from itertools import count

from bot.content import Content
from tests.bench.users import Line, Script

_LOCALES = {"nb": "nb-NO", "en": "en-US"}

QUESTIONS = {
    "nb": (
        ("hvordan tilbakestiller jeg passordet mitt?", "reset-password"),
        ("hvordan endrer jeg passordet når jeg kan det gamle?", "change-password"),
        ("jeg får en feilmelding når jeg prøver å bytte passord", "errors"),
        ("hvordan registrerer jeg meg for selvbetjent tilbakestilling?", "register"),
        ("hvordan slår jeg på kombinert registrering for SSPR og MFA?", "combined-registration"),
        ("hvordan kan jeg som admin kreve at brukerne registrerer seg ved pålogging?", "require-registration"),
        ("jeg har et forslag til en forbedring av passordtjenesten", "feature-requests"),
        ("jeg har mistet telefonen min, hvordan logger jeg på nå?", "lost-phone"),
        ("hvor langt må passordet være?", "password-rules"),
        ("koden på sms kommer ikke", "code-not-arriving"),
        ("kontoen min er låst", "account-locked"),
        ("passordet mitt har utløpt", "expired-password"),
    ),
    "en": (
        ("how do I reset my password?", "reset-password"),
        ("how do I change my password when I still know the old one?", "change-password"),
        ("I get an error when I try to change my password", "errors"),
        ("how do I register for self-service password reset?", "register"),
        ("how do I enable combined registration for SSPR and MFA?", "combined-registration"),
        ("how do I require users to register when they sign in?", "require-registration"),
        ("I'd like to send a feature request for password reset", "feature-requests"),
        ("I lost my phone, how do I sign in now?", "lost-phone"),
        ("how long does a password have to be?", "password-rules"),
        ("the code by text message doesn't arrive", "code-not-arriving"),
        ("my account is locked", "account-locked"),
        ("my password has expired", "expired-password"),
    ),
}


def faq(content: Content) -> Script:
    """Users by turns in Norwegian and English, each beginning at another question.

    An answer is right when it holds the first line of its topic, and brings its card of next steps.
    """
    languages = [lang for lang in content.languages if lang in QUESTIONS]
    lines = {lang: [_line(content, lang, *one) for one in QUESTIONS[lang]] for lang in languages}

    def script(user: int) -> Iterator[Line]:
        mine = lines[languages[user % len(languages)]]
        return (mine[number % len(mine)] for number in count(user // len(languages)))

    return script


def _line(content: Content, lang: str, text: str, topic: str) -> Line:
    first = content.topics[topic].texts[lang].short.partition("\n")[0]
    return Line(text, (first,), _LOCALES[lang], card=True)
