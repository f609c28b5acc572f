"""Errors are recognised in what people paste, type off a screen and misread, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import Content, KnownError, load_content
from bot.understanding import ErrorFinder
from bot.understanding.codes import error_code
from tests.understanding.timing import HEAVY

EVENT = ("event", "hendelse")

CODES_OF_ROWS: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    47: (("31003", "PasswordResetFail"), EVENT),
    83: (("33004", "ADPermissionsError"), EVENT),
    92: (("6800",), EVENT),
    93: (("80230402", "0x80230402", "8023042"), ()),
    101: (("AADSTS50053",), ()),
    104: (("AADSTS50057",), ()),
    118: (("AADSTS50126",), ()),
    128: (("AADSTS500121",), ()),
    149: (("AADSTS7000215",), ()),
    178: (("Request_BadRequest",), ("password complexity requirements",)),
    179: (("Request_BadRequest",), ("on-premises mastered",)),
    183: (("Authorization_RequestDenied",), ()),
    184: (("Authorization_RequestDenied",), ("change password operation is denied",)),
    195: (("0000052D",), ()),
    196: (("00000056",), ()),
    198: (("50",), ("ldap",)),
    199: (("52e", "525"), ("data",)),
    202: (("775",), ("data",)),
}
"""What the rows that other sections bring are known by, where a section is not there yet."""


def stand_in(row: int, codes: tuple[str, ...], contexts: tuple[str, ...]) -> KnownError:
    return KnownError(f"row_{row}", row, codes, contexts, "admin", False, None, None, {})


ERRORS = list(load_content().errors.values())
HAVE = {one.row for one in ERRORS}
ERRORS += [stand_in(row, *codes) for row, codes in CODES_OF_ROWS.items() if row not in HAVE]
ROWS = {one.id: one.row for one in ERRORS}
FINDER = ErrorFinder(ERRORS)


@pytest.mark.parametrize(("text", "row"), [
    ("SSPR_0014", 6),
    ("sspr_0014", 6),
    ("SSPR-0014", 6),
    ("SSPR 0014", 6),
    ("SSPR0014?", 6),
    ("SSPR_OO14", 6),
    ("SSPR_00l4", 6),
    ("ssPR_0OI4", 6),
    ("SSPR _ 0014", 6),
    ("SSPR-014", 6),
    ("feil sspr 14?", 6),
    ("ＳＳＰＲ＿００１４", 6),
    ("Feil: SSPR_0029. Kontakt administratoren.", 7),
    ("det står sspr 0030 på skjermen hva betyr det", 8),
    ("Error: SSPR_0009\nSupport code: 3f2504e0-4f89-11d3-9a0c-0305e82c3301\n2026-11-27T09:14:22Z", 1),
    ("OnPremisesAdminActionRequired", 7),
    ("onpremisesconnectivityerror", 8),
    ("UserNotProperlyConfigured = 14", 6),
    ("UserNotProperly\nConfigured", 6),
    ("user not properly configured", 6),
    ("UserNotMemberOfScopedAccessGroup", 5),
    ("resultatet ble OnPremisesSuccessCloudFailure", 9),
    ("FuzzyPolicyViolationInvalidPassword i loggen", 204),
    ("AADSTS50053", 101),
    ("aadsts 50053", 101),
    ("AADSTS-50053", 101),
    ("AADSTS5OO53", 101),
    ("AADSTS50053: The account is locked, you've tried to sign in too many times", 101),
    ("Sorry, but we're having trouble signing you in.AADSTS50126: Error validating credentials", 118),
    ("feilkode 50053 ved pålogging", 101),
    ("Feilkode: 50053", 101),
    ("feil 50053", 101),
    ("error code: 50126 when I sign in", 118),
    ("kode 50057", 104),
    ("fikk 50053 feil", 101),
    ("50053", 101),
    ("50053?", 101),
    ("https://login.microsoftonline.com/error?code=50126", 118),
    ("Error code 500121", 128),
    ("feilkode 500121", 128),
    ("AADSTS7000215: Invalid client secret provided", 149),
    ("Sign-in error code 50053 Failure reason: locked Correlation ID 50126a00-1111-2222-3333-444455556666", 101),
    ("error code 0000052D", 195),
    ("0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0", 195),
    ("OOOO052D", 195),
    ("0x8007052D", 195),
    ("0x52d", 195),
    ("feil 0X8007052d", 195),
    ("00000056: AtrErr: DSID-03190F80", 196),
    ("0x80070056", 196),
    ("0x80070775", 202),
    ("data 775", 202),
    ("80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563", 199),
    ("80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 525, v4563", 199),
    ("LDAP error 50 (insufficient access rights)", 198),
    ("event 31003", 47),
    ("Event ID: 31003, Source: PasswordResetService", 47),
    ("hendelse 33004 på Connect-serveren", 83),
    ("PasswordResetFail i hendelsesloggen", 47),
    ("Event ID 6800 in the application log", 92),
    ("hr=80230402", 93),
    ("hr = 8023O402", 93),
    ("Synchronization Engine returned an error hr=80230402", 93),
    ("Request_BadRequest: does not comply with password complexity requirements of the tenant", 178),
    ("Request_BadRequest Unable to update the specified properties for on-premises mastered objects", 179),
    ("403 Authorization_RequestDenied", 183),
    ("Authorization_RequestDenied The change password operation is denied.", 184),
    ("passordet kan ikke endres så ofte", 29),
    ("Passordet ditt kan ikke endres så ofte. Prøv igjen i morgen.", 29),
    ("This password does not meet the length, complexity, age, or history requirements of your password policy", 29),
    ("Unfortunately, your password contains a word, phrase, or pattern that makes it easily guessable.", 31),
    ("The password contains words or characters that have been blocked by your administrator", 32),
    ("We've seen that password too many times before. Choose something harder to guess.", 33),
    ("Your administrator has not enabled you to use this feature.", 11),
    ("Administratoren har ikke aktivert denne funksjonen for deg, står det", 11),
    ("An error occurred while processing your request", 10),
    ("Too many attempts. Please wait 24 hours and try again", 24),
    ("Det midlertidige tilgangspasset er utløpt eller allerede brukt", 44),
    ("User registered for self-service password reset  Status: Failure", 206),
])
def test_a_pasted_error_is_recognised(text: str, row: int) -> None:
    found = FINDER.find(text)
    assert [ROWS[one] for one in found.ids[:1]] == [row], found


@pytest.mark.parametrize("text", [
    "", " ", "hei", "jeg har glemt passordet", "I forgot my password", "kontoen min er låst", "my account is locked",
    "123456", "123 456", "koden er 123456", "koden er 500121", "kode 500121", "500121", "feil kode 500121",
    "kode feil 500121", "wrong code 500121", "koden 7000215 virker ikke", "0000 0000",
    "ring meg på 80230402", "80230402", "tlf 80 23 04 02", "+47 800 90 308", "nummeret mitt er 90050053",
    "28.11.2026", "2026-11-28", "kl. 13:37 den 31.10.03", "5. mai 2026", "INC0050053", "sak 50053 hos dere",
    "rom 31003", "vi er 31003 ansatte", "jeg er 50 år", "bill 775", "lol", "oil and lil", "data om meg", "data 52",
    "Sommer2026!", "hunter2", "vi har sspr 2025", "sspr", "AADSTS", "SSPR_00145", "event", "hendelsesloggen er tom",
    "50053a00-1111-2222-3333-444455556666", "kari.nordmann@example.no", "hva er kravene til passord?",
    "koden kommer ikke", "jeg får feil", "what does error mean",
])
def test_what_is_no_error_is_not_taken_for_one(text: str) -> None:
    """One-time codes, telephone numbers, dates, passwords, case numbers and plain questions."""
    found = FINDER.find(text)
    assert not found.sure, found
    assert not found.unknown, found


@pytest.mark.parametrize(("text", "code"), [
    ("SSPR_0099", "SSPR_0099"), ("feilkode 59999", "AADSTS59999"), ("AADSTS12345678 AADSTS99999", "AADSTS99999"),
    ("0x80099999", "0x80099999"), ("0x80070005", "0x80070005"), ("det står sspr-0005 her", "SSPR_0005"),
])
def test_a_code_nobody_told_us_about_is_named(text: str, code: str) -> None:
    found = FINDER.find(text)
    assert (found.ids, found.unknown) == ((), code)


def test_half_a_hex_code_is_no_number() -> None:
    """"error code 0000052D" was once AADSTS0000052."""
    assert error_code("error code 0000052D") == "0000052D"


@pytest.mark.parametrize(("text", "rows"), [
    ("SSPR_0030, så SSPR_0029", [8, 7]),
    ("Event 31003 PasswordResetFail, hr=80230402", [93, 47]),
    ("AADSTS50053 og hendelse 33004", [101, 83]),
    ("Request_BadRequest, password complexity requirements", [178]),
    ("Authorization_RequestDenied", [183]),
])
def test_of_several_codes_the_most_specific_comes_first(text: str, rows: list[int]) -> None:
    assert [ROWS[one] for one in FINDER.find(text).ids] == rows


@pytest.mark.parametrize(("error", "code"), [
    pytest.param(error, code, id=f"{error.row}-{code}") for error in ERRORS for code in error.codes])
def test_every_code_of_every_row_is_recognised_as_its_row(error: KnownError, code: str) -> None:
    sharing = {one.id for one in ERRORS if code in one.codes}
    contexts = error.contexts or ("hr",) if code.isdecimal() else error.contexts or ("",)
    for context in contexts:
        for text in (f"{context} {code}", f"{context.upper()}: {code.lower()}", f"det står {context} {code}, hva nå?"):
            found = FINDER.find(text)
            assert error.id in found.ids, text
            assert found.sure
            assert found.ids[0] in sharing, text


@pytest.mark.parametrize(("error", "phrase"), [
    pytest.param(error, phrase, id=f"{error.row}-{phrase}")
    for error in ERRORS for text in error.texts.values() for phrase in text.phrases])
def test_every_phrase_of_every_row_is_recognised_as_its_row(error: KnownError, phrase: str) -> None:
    found = FINDER.find(phrase)
    assert found.ids[:1] == (error.id,) or any(
        phrase in text.phrases for text in next(one for one in ERRORS if one.id == found.ids[0]).texts.values())


def test_the_phrases_of_other_answers_stay_theirs(content: Content) -> None:
    """A question is answered by its topic: what shows no code is hardly ever surely an error."""
    others = [
        phrase for topic in content.topics.values() if topic.label != "password_error"
        for text in topic.texts.values() for phrase in text.phrases if not any(map(str.isdecimal, phrase))]
    taken = [phrase for phrase in others if FINDER.find(phrase).sure]
    assert len(others) > 1000
    assert len(taken) <= 4, taken


PIECES = [
    "SSPR_", "sspr ", "AADSTS", "0x8007", "hr=", "data ", "event ", "feilkode ", "error code ", "0014", "50053", "OOlI",
    "0000", "52e", "Request_", "BadRequest", "passordet ", "kan ikke ", "\n", "\u200b", "\ud800", "ﷺ", "_", ".",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=60).map("".join))
def test_nothing_typed_makes_it_fail(text: str) -> None:
    """N1."""
    found = FINDER.find(text)
    assert len(set(found.ids)) == len(found.ids)
    assert not (found.ids and found.unknown)


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY.keys())
def test_28_kib_of_anything_is_searched(text: str) -> None:
    """N1; what it costs is measured by `tests.understanding.timing`."""
    FINDER.find(text)
