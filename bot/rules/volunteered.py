"""Spotting a password that somebody wrote into the chat, so that it is not kept and they are told (D4).

Everything here looks at one word at a time and a few around it: linear in the text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.rules.common_words import COMMON

_READ = 4000            # characters (limit 22)
_FAR = 8                # words between "password" and what it is
_SHORTEST = 6
_LONGEST = 256

# "passord", "passordet", "Pass0rd", "p@ssword", "pwd", "passphrase"; not "passordkrav" or "engangspassord".
_LABEL = re.compile(r"p[a@4][s$5]{2}w?[o0]rd(?:[ea]t)?|passwd|pwd|pw|passphrase|passfrasen?")
_LABEL_AND_SIGN = re.compile(
    r"(?i)\b(?:p[a@4][s$5]{2}(?:w?[o0]rd(?:et)?)?|passwd|pwd|pw|passphrase|passfrasen?)(?: mitt| ditt)?[ \t]{0,3}[:=]")
_IS = frozenset({"er", "is", "was", "var", "be", "blir", "ble", "er:", "is:", "er=", "is="})
_INTO = frozenset({"til", "to", "som", "as", "med", "with"})
_BETWEEN = frozenset({
    "mitt", "ditt", "min", "din", "vårt", "nye", "nytt", "gamle", "gammelt", "for", "on", "på", "my", "your", "the",
    "new", "old", "will", "would", "should", "skal", "vil", "nå", "now", "at", "in", "i", "just", "bare", "still",
    "fortsatt", "dette", "this", "here", "her", "currently",
    "kontoen", "konto", "account"})
_WORDS_ALONE = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ\s.,;!?'’\"()–-]*")     # no digit of any script, no sign that says "is"
_WORD = re.compile(r"[^\s.,;!?]+")

_OWN = frozenset({"mitt", "min", "vårt", "my", "our"})
_TRIED = frozenset({
    "tried", "try", "prøvd", "prøvde", "prøver", "skrev", "skrevet", "skriver", "typed", "entered", "tastet",
    "taster", "tasta", "brukte", "used", "using"})
_AFTER = frozenset({"men", "but", "og", "and", "som", "hvorfor", "why", "so", "så", "can", "kan", "which", "it", "det"})

_QUOTES = "\"'«»“”‘’`()[]"
_MARKS = frozenset("!#$%&*+=?^~{}[]|\\/<>@")
_SURE_MARKS = frozenset("!#$%&*+=?^~@")
_WEAK_MARKS = _SURE_MARKS | frozenset("-_")
_ALSO_MARKS = _WEAK_MARKS | frozenset(".")

_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]*[a-zA-Z]")
_USER_NAME = re.compile(r"[^\W\d_]+[._-][^\W\d_]+\d{0,4}")
_FILE = re.compile(r"[\w.-]+\.[a-zA-Z]{2,4}\d?")
_VERSION = re.compile(r"[a-zA-Z]{1,12}[-_]?\d{1,4}(?:[.,]\d{1,6})+[a-z]?")
_GUID = re.compile(r"\{?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?")
_PRODUCTS = re.compile(
    r"(?:ms|microsoft|windows|win|office|teams|outlook|word|excel|powerpoint|onenote|onedrive|sharepoint|exchange|azure|"
    r"entra|intune|authenticator|defender|edge|chrome|firefox|safari|android|samsung|galaxy|huawei|oneplus|pixel|xperia|"
    r"nokia|iphone|ipad|ios|mac|macos|macbook|imac|hp|dell|lenovo|thinkpad|elitebook|latitude|surface|citrix|vmware|"
    r"visual|sql|server|adobe|acrobat|visma|sap|zoom|version|versjon|build|update|oppdatering|kb|pc|rom|room|etasje|"
    r"floor|avd|dept|bygg|kontor|office365|m365|o365|wi-?fi|bankid|min-?id|altinn)[a-z]{0,9}", re.IGNORECASE)
_PAIR = re.compile(r"[A-Za-z][\w.-]*=[\w.,-]*")                # adminCount=1, out of a log
_ERROR = re.compile(r"[A-Za-z]{2,8}_[0-9OolI]{3,8}")           # SSPR_0014, as people type it off a screen
_COMMON = frozenset(COMMON)
_ORDINAL = re.compile(r"\d+(?:[.,:/-]\d+)*\W*[a-zA-ZæøåÆØÅ]{0,8}\W*")     # 12 characters, 14-dagers, 2nd, 31.12.2026

_PREDICATES = frozenset({
    "utløpt", "utgått", "glemt", "gammelt", "sperret", "feil", "borte", "ugyldig", "endret", "byttet", "usikkert",
    "expired", "forgotten", "wrong", "locked", "invalid", "incorrect", "rejected", "refused", "changed", "fortsatt",
    "fremdeles", "allerede", "dessverre", "kanskje", "akkurat", "ingenting", "forskjellig", "komplisert", "already",
    "probably", "because", "whatever", "somewhere", "something", "anything", "nothing", "identical", "correct",
    "outdated", "obsolete", "missing", "compromised", "temporary", "permanent", "mandatory", "hopeless", "useless",
    "midlertidig", "standard", "umulig", "impossible", "difficult", "vanskelig", "langt", "complex", "confidential",
    "private", "personal", "problemet", "problem", "password", "passordet", "passord", "username", "brukernavnet",
    "everywhere", "overalt", "another", "secure", "insecure", "minimum", "maximum", "garbage", "history", "public",
    "kjempelangt", "superkort", "hackerens", "sikkerhet", "stjålet", "offline", "default", "approximately", "within"})
_PREDICATE_ENDINGS = (
    "ert", "et", "elt", "ilt", "lig", "bar", "ende", "isk", "fylt", "gått", "løpt", "ed", "en", "ing", "able", "ible",
    "ant", "ent", "ous", "ful", "ly", "ish", "ect", "alid", "less", "vis", "ig", "ere", "ic", "al", "ary", "ort", "ult",
    "nå", "tt")


LABEL, IS, TYPED, STATE = "password", "is", "typed", "expired"


class PasswordWords:
    """What more languages call a password and say of one."""

    def __init__(self, english: Mapping[str, str]) -> None:
        """`english`: LABEL, IS, TYPED or STATE by the word, in lower case and without stops."""
        self.english = english
        self.labels = frozenset(word for word, kind in english.items() if kind == LABEL)
        self.all_for_is = _IS.union(word for word, kind in english.items() if kind == IS)


_NO_MORE = PasswordWords({})


def holds_password(text: str, *, expected: bool = False, also: PasswordWords = _NO_MORE) -> bool:
    """Whether the text looks as if it holds a password.

    It says so ("passordet mitt er …", "passord …", "I tried … "), or some word in it is made up as only passwords
    are. `expected`: the person is just about to choose one, elsewhere; then less of a sign will do. `also`: the words
    of more languages.
    """
    text = text[:_READ]
    if not expected and _plain_talk(text, also):
        return False
    words = list(_known(_LABEL_AND_SIGN.sub("password = ", text).split(), also.english))
    if len(words) == 1 and (_like_a_password(words[0]) or _word_and_number(words[0])):
        return True
    for at, word in enumerate(words):
        if word.isalpha() and word[0] not in "pP":
            continue        # Neither "password" nor made up; most words are such.
        bare = _bare(word)
        if _LABEL.fullmatch(bare.casefold()):
            found = _told(words, at)
        else:
            # Both want a digit. At the end of a sentence, ! and ? belong to that.
            found = not bare.isalpha() and (_surely(bare.rstrip("?!" if at + 1 == len(words) else "?"))
                     or (_made_up(bare) and (expected or _was_tried(words, at))))
        if found:
            return True
    return expected and len(words) == 1 and _could_be(_bare(words[0]))


def _plain_talk(text: str, also: PasswordWords) -> bool:
    """Whether there is no digit, nor anything that says what a password is: most messages need no closer look."""
    if _WORDS_ALONE.fullmatch(text) is None:
        return False
    text = text.casefold()
    words = _WORD.findall(text)
    return also.all_for_is.isdisjoint(words) or (_LABEL.search(text) is None and also.labels.isdisjoint(words))


def _known(words: Sequence[str], also: Mapping[str, str]) -> Iterator[str]:
    """The words, those of `also` in English."""
    for word in words:
        english = also.get(word.rstrip(":=.,!?").casefold())
        yield english or word
        if english == LABEL and word.endswith((":", "=")):
            yield "="


def _told(words: Sequence[str], label: int) -> bool:
    """What comes after "password", or before the end of the words that may stand between."""
    how, own = "", label > 0 and words[label - 1].casefold() in _OWN
    for at in range(label + 1, min(len(words), label + 1 + _FAR)):
        word = words[at].casefold()
        if word in ("=", ":"):
            how = "sign"
        elif word in _IS:
            how = how or "is"
        elif word in _INTO:
            how = how or "into"
        elif word in _BETWEEN:
            own = own or word in _OWN
        else:
            return _candidate(words, at, how, own=own)
    return False


def _candidate(words: Sequence[str], at: int, how: str, *, own: bool) -> bool:
    bare = _bare(words[at])
    if how in ("is", "sign") and _SHORTEST <= len(bare) <= _LONGEST and _unlike_a_word(bare):
        return True
    if how == "is" and own and at + 1 < len(words) and words[at + 1].casefold() not in _AFTER \
            and not words[at].endswith((",", ".", "!")):
        return _made_up(bare)
    if how == "is" and own and _plain_but_no_predicate(words[at]):
        return True
    return _made_up(bare)


def _was_tried(words: Sequence[str], at: int) -> bool:
    """Whether one of the three words before says that somebody typed it somewhere."""
    return any(word.casefold() in _TRIED for word in words[max(0, at - 3):at])


def _bare(word: str) -> str:
    """Without quotes around it and the stops of a sentence; ! and ? may belong to it."""
    return word.strip(_QUOTES).rstrip(".,;:").strip(_QUOTES)


def _something_else(word: str) -> bool:
    """An address, a name, a file, a product, a version, a date, a number with its unit."""
    plain = word.rstrip("!?")
    return ("://" in word or "\\" in word or "<" in word or word.casefold().startswith("www.")
            or ("/" in word and "." in word)
            or any(one.fullmatch(plain) for one in (
                _MAIL, _USER_NAME, _FILE, _VERSION, _GUID, _ORDINAL, _PAIR, _ERROR))
            or _PRODUCTS.fullmatch(plain.rstrip("0123456789").rstrip("-_")) is not None
            or (_PRODUCTS.match(plain) is not None and _SURE_MARKS.isdisjoint(plain)))


def _unlike_a_word(word: str) -> bool:
    """No ordinary word: a digit or a sign in it."""
    signs = any(map(str.isdigit, word)) or not _MARKS.isdisjoint(word[:-1])
    return signs and not _something_else(word) and word.casefold() not in _PREDICATES


def _kinds(word: str, marks: frozenset[str]) -> tuple[bool, bool, bool, bool]:
    return (any(map(str.islower, word)), any(map(str.isupper, word)),
            any(map(str.isdigit, word)), not marks.isdisjoint(word))


def _like_a_password(word: str) -> bool:
    """Alone in a message: letters of both cases, digits and signs."""
    bare = word.strip(_QUOTES)
    # Names of errors and things have - and _ too, but hardly a number.
    sure = not _SURE_MARKS.isdisjoint(bare) or sum(map(str.isdigit, bare)) >= 2
    return 8 <= len(bare) <= _LONGEST and sure and all(_kinds(bare, _ALSO_MARKS)) and not _something_else(bare)


def _surely(word: str) -> bool:
    """Anywhere: the same, with signs that words and names do not have."""
    return 8 <= len(word) <= _LONGEST and all(_kinds(word, _SURE_MARKS)) and not _something_else(word)


def _made_up(word: str) -> bool:
    """Letters and digits, and capitals or signs among them: next to a word that says what it is."""
    lower, upper, _, sign = _kinds(word, _WEAK_MARKS)
    digits = sum(map(str.isdigit, word))
    return (8 <= len(word) <= _LONGEST and lower and (upper or sign) and digits + 2 * sign >= 2 and digits > 0
            and not _something_else(word))


def _word_and_number(word: str) -> bool:
    """Alone in a message: a word that everybody puts into passwords, and a number ("Vinter2026")."""
    bare = word.strip(_QUOTES).rstrip("!?.")
    letters = bare.rstrip("0123456789")
    return 2 <= len(bare) - len(letters) <= 4 and letters.casefold() in _COMMON and not _something_else(bare)


def _could_be(word: str) -> bool:
    """Alone in a message while a password is being chosen elsewhere."""
    lower, upper, digit, sign = _kinds(word, _SURE_MARKS)
    return 8 <= len(word) <= _LONGEST and (lower or upper) and (digit or sign) and not _something_else(word) \
        and any(map(str.isalpha, word)) and not word.rstrip("!?").isalpha()


def _plain_but_no_predicate(word: str) -> bool:
    """A word that says nothing about a password, and so may be one."""
    plain = word.strip(_QUOTES).rstrip(".,;:!?").strip(_QUOTES).casefold()
    return (8 <= len(plain) <= _LONGEST and plain.isalpha() and plain not in _PREDICATES
            and not plain.endswith(_PREDICATE_ENDINGS))
