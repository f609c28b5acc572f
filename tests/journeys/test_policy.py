"""The policy of a running house: changed without a restart, asked again before every effect (G2, G5, I8, E1)."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.directory import demo
from bot.directory.protocol import Account
from bot.errors import SettingsError, StoreUnavailable
from bot.rules.policy import OWNER
from bot.rules.registered import APP, EMAIL_CODE, TOTP
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store import keys
from tests.journeys.conftest import InTeams, OpenHouse, Visit
from tests.journeys.stage import GOOD, KARI, WRONG, last, link_of, mailed_code, records, texts, titles
from tests.journeys.test_owner import OLA, Browse, begin, browse, codes_for, proven, teams_person
from tests.support.clock import SteppedClock
from tests.support.people import code_for, sign_in

__all__ = ["browse"]

STRICT = """
reconfirm_days = 90
[groups.finance]
off = ["unlock"]
[groups.finance.gates]
reset = ["app", "email_code"]
"""
JOHN, INGRID = (f"00000000-0000-0000-0000-0000000000{number:02}" for number in (2, 4))


async def put_in_force(desk: Desk, text: str) -> None:
    """As an administrator writes it, and the house notices."""
    desk.settings.policy_path.write_text(text, encoding="utf-8")
    await noticed(desk)


async def noticed(desk: Desk) -> None:
    for _ in range(2):
        await desk.policy_in_force.check()


def reasons(found: list[dict[str, object]]) -> list[object]:
    return [one["reason"] for one in found]


# -- the file --------------------------------------------------------------------------------------

async def test_a_changed_file_holds_without_a_restart_and_is_on_record(desk: Desk) -> None:
    assert desk.policy().gates_for("reset", OWNER, ("finance",)) == (TOTP,)
    await put_in_force(desk, STRICT)
    assert desk.policy().gates_for("reset", OWNER, ("finance",)) == (APP, EMAIL_CODE)
    record, = await records(desk, "policy.changed")
    assert (record["actor"], record["outcome"]) == ("policy file", "done")
    assert set(str(record["reason"]).split(", ")) == {
        "reconfirm_days", "groups.finance.gates.reset", "groups.finance.off.unlock",
        "groups.finance.forced_registration"}
    await noticed(desk)
    assert len(await records(desk, "policy.changed")) == 1


async def test_a_comment_is_no_change(desk: Desk) -> None:
    await put_in_force(desk, STRICT)
    await put_in_force(desk, f"# a word\n{STRICT}")
    assert len(await records(desk, "policy.changed")) == 1


async def test_half_a_file_is_not_believed(desk: Desk) -> None:
    """Half of a policy may be one too, and a looser one."""
    await put_in_force(desk, STRICT)
    path = desk.settings.policy_path
    path.write_text("reconfirm_days = 90\n", encoding="utf-8")
    await desk.policy_in_force.check()
    path.write_text(STRICT, encoding="utf-8")
    await noticed(desk)
    assert desk.policy().gates_for("reset", OWNER, ("finance",)) == (APP, EMAIL_CODE)
    assert len(await records(desk, "policy.changed")) == 1


@pytest.mark.parametrize(("text", "names"), [
    ("teams.gates.reset = []", "teams.gates.reset"), ("cool_down_hours = 1\nx = 1", "cool_down_hours, x"),
    ("no toml", "the file")])
async def test_a_wrong_file_changes_nothing_and_is_on_record(
        desk: Desk, capfd: pytest.CaptureFixture[str], text: str, names: str) -> None:
    """G5: the one before it goes on; the log has the line, the trail the names of the values."""
    await put_in_force(desk, STRICT)
    before = desk.policy()
    await put_in_force(desk, text)
    await noticed(desk)
    assert desk.policy() is before
    assert reasons(await records(desk, "policy.refused")) == [names]
    said = capfd.readouterr()
    assert (said.out + said.err).count("policy_refused") == 1
    await put_in_force(desk, STRICT.replace("90", "91"))
    assert desk.policy().reconfirm_days == 91


async def test_a_file_that_is_taken_away_changes_nothing(desk: Desk) -> None:
    """Fail closed: the defaults may be looser than what was decided."""
    await put_in_force(desk, STRICT)
    before = desk.policy()
    desk.settings.policy_path.unlink()
    await noticed(desk)
    assert desk.policy() is before
    assert len(await records(desk, "policy.refused")) == 1
    await put_in_force(desk, STRICT)
    assert desk.policy() is before


async def test_several_replicas_record_a_change_once(open_house: OpenHouse) -> None:
    houses = [await open_house() for _ in range(2)]
    for text in (STRICT, "reconfirm_days = 7", STRICT):
        houses[0].settings.policy_path.write_text(text, encoding="utf-8")
        for _ in range(2):
            await asyncio.gather(*[one.policy_in_force.check() for one in houses])
    assert {one.policy().reconfirm_days for one in houses} == {90}
    assert len(await records(houses[0], "policy.changed")) == 3


async def test_what_was_changed_while_nobody_ran_is_recorded_at_the_start(
        open_house: OpenHouse, tmp_path: Path) -> None:
    await open_house()
    (tmp_path / "policy.toml").write_text("reconfirm_days = 7", encoding="utf-8")
    later = await open_house()
    assert later.policy().reconfirm_days == 7
    assert reasons(await records(later, "policy.changed")) == ["reconfirm_days"]
    again = await open_house()
    assert len(await records(again, "policy.changed")) == 1


async def test_defaults_leave_no_record(desk: Desk) -> None:
    assert await records(desk) == []
    assert not await desk.store.do("EXISTS", keys.POLICY)


async def test_without_the_store_nothing_changes(desk: Desk) -> None:
    """U1: no record, no change; the next look makes up for it."""
    await desk.store.do("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(StoreUnavailable):
            await put_in_force(desk, STRICT)
        assert desk.policy().reconfirm_days == 180
    finally:
        await desk.store.do("CONFIG", "SET", "maxmemory", "0")
    await desk.policy_in_force.check()
    assert desk.policy().reconfirm_days == 90


@pytest.mark.parametrize("text", ["teams.gates.reset = []", "colour = 1", None])
async def test_a_house_does_not_start_with_a_wrong_file(
        open_house: OpenHouse, tmp_path: Path, text: str | None) -> None:
    """G5; nor without a file that is named."""
    path = tmp_path / "ours.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"ours\.toml"):
        await open_house(KEYTURN_POLICY=str(path))


# -- what it does ----------------------------------------------------------------------------------

async def test_a_group_asks_for_more(desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """Two gates for John in Teams, and no recovery code; one for Kari."""
    await put_in_force(desk, STRICT)
    await codes_for(desk, JOHN, clock.now())
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    said = await begin(john, "forgot_password")
    assert titles(said) == ["Avbryt"]
    assert "En gjenopprettingskode er ikke nok" in last(await john.ask("jeg har ikke telefonen"))
    clock.advance(30)
    assert "sendt en kode på e-post" in last(await john.ask(await code_for(desk, "john.smith")))
    link = link_of(await john.ask(await mailed_code(desk, "john.smith")))
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link))
    assert "Passordet er byttet" in (await browser.submit(page, password=GOOD)).text
    kari = in_teams(desk)
    assert link_of(await proven(kari, clock, "forgot_password"))


async def test_a_group_can_be_switched_off(desk: Desk, in_teams: InTeams, visit: Visit, clock: SteppedClock) -> None:
    """The owner is told before the first proof; a visitor after both, as of every account that is not served."""
    await put_in_force(desk, '[groups.finance]\noff = ["reset"]')
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    assert "kan jeg dessverre ikke gjøre her" in last(await begin(john, "forgot_password"))
    refused, = await records(desk, "reset.refused")
    assert (refused["target"], refused["reason"]) == (JOHN, "not_offered")
    visitor = await visit(desk)
    await visitor.start("john.smith")
    clock.advance(30)
    await visitor.ask(await code_for(desk, "john.smith"))
    said = await visitor.ask(await mailed_code(desk, "john.smith"))
    assert "Dette kan jeg ikke gjøre for denne kontoen" in last(said)
    assert not [one for message in said for one in message.buttons if one["type"] == "openUrl"]


async def test_a_group_is_no_oracle(desk: Desk, visit: Visit) -> None:
    """E1: before the proof a visitor's road is the same for an account under stricter rules and for nobody's."""
    await put_in_force(desk, f'{STRICT}\n[groups.employees]\noff = ["reset"]\n')
    roads = []
    for name in ("john.smith", "kari.nordmann", "finnes.ikke"):
        visitor = await visit(desk)
        road = [*await visitor.start(name)]
        for text in ("jeg har ikke telefonen", *WRONG):
            road += await visitor.ask(text)
        roads.append([(one.text if "kontrollord" not in one.text else "", titles([one])) for one in road
                      if not any(button["type"] == "openUrl" for button in one.buttons)])
    assert roads[0] == roads[1] == roads[2]
    assert len(roads[0]) > 5


async def test_a_way_can_be_switched_off(desk: Desk, in_teams: InTeams, visit: Visit) -> None:
    await put_in_force(desk, 'web_chat.off = ["reset"]')
    visitor = await visit(desk)
    said = await visitor.ask("jeg har glemt passordet")
    assert "Lag nytt passord" not in titles(said)
    said = await visitor.ask("", value={"keyturn": {"do": "start", "journey": "forgot_password"}})
    assert "kan jeg ikke gjøre her" in last(said)
    assert last(await begin(in_teams(desk), "forgot_password")).startswith("Åpne godkjenningsappen")


@pytest.mark.parametrize("text", [
    'teams.gates.reset = ["app_or_recovery_code", "email_code"]', 'teams.off = ["reset"]',
    '[groups.employees]\noff = ["reset"]', '[groups.employees.gates]\nreset = ["app", "email_code"]'])
async def test_what_was_begun_before_a_stricter_policy_is_refused(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock, text: str) -> None:
    """G2: asked again right before the effect, and the person is told why."""
    kari = in_teams(desk)
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link_of(await proven(kari, clock, "forgot_password"))))
    await put_in_force(desk, text)
    done = await browser.submit(page, password=GOOD)
    assert "Reglene ble endret mens du holdt på" in done.text
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert any("Reglene ble endret mens vi holdt på" in str(one.get("text")) for one in kari.connector.said)
    outcome, = await records(desk, "reset.outcome")
    assert (outcome["outcome"], outcome["reason"]) == ("refused", "policy")


async def test_what_was_begun_before_a_policy_that_it_meets_goes_on(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    kari = in_teams(desk)
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link_of(await proven(kari, clock, "forgot_password"))))
    await put_in_force(desk, 'teams.gates.reset = ["app"]')
    assert "Passordet er byttet" in (await browser.submit(page, password=GOOD)).text


async def test_no_group_makes_an_administrator_be_served(desk: Desk, in_teams: InTeams) -> None:
    """I8."""
    await put_in_force(desk, '[groups.employees]\n[groups.employees.gates]\nreset = ["app_or_recovery_code"]')
    admin = teams_person(in_teams, desk, INGRID, "Ingrid Admin")
    assert "bare IT som kan endre" in last(await begin(admin, "forgot_password"))


async def test_the_cool_down_is_the_policys(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """Limit 17: longer from now on, for what is registered already too."""
    found = replace(await desk.kept.enrolments.read(KARI), recovery=None)
    since = clock.now() - 30 * 3600
    app, = found.of_kind(TOTP)
    await desk.kept.enrolments.change(KARI, found.having(replace(app, since=since, backed=False)))
    kari = in_teams(desk)
    assert last(await begin(kari, "forgot_password")).startswith("Åpne godkjenningsappen")
    await put_in_force(desk, "cool_down_hours = 72")
    clock.advance(30)
    # Begun before: the code is right, and does not count any more.
    assert "virket ikke" in last(await kari.ask(await code_for(desk, "kari.nordmann")))
    again = in_teams(desk)
    assert "så nytt at det ikke gjelder ennå" in last(await begin(again, "forgot_password"))


async def test_words_of_the_organisation_are_no_password(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """O3."""
    await put_in_force(desk, 'organisation_words = ["solsikken"]')
    browser = await browse(desk)
    link = link_of(await proven(in_teams(desk), clock, "forgot_password"))
    page = await browser.go_on_here(await browser.open(link))
    said = (await browser.submit(page, password="Solsikken og elgen drakk kald kakao")).text
    assert "navnet på organisasjonen. Velg noe" in said


async def test_groups_are_kept_with_the_account(desk: Desk) -> None:
    account = Account("id-1", demo.TENANT, "siri.lie@example.no", "Siri Lie", ("Siri", "Lie"), "nb",
                      groups=("a", "b"))
    assert await desk.kept.accounts.create(account, "hash")
    assert await desk.people.directory.read("id-1") == account


async def test_my_status_counts_by_the_group(desk: Desk, in_teams: InTeams) -> None:
    """What is missing for a reset is what this very account is asked for."""
    await put_in_force(desk, STRICT)
    found = await desk.kept.enrolments.read(JOHN)
    await desk.kept.enrolments.change(JOHN, found.without(found.of_kind(EMAIL_CODE)[0].id))
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    assert "Det er for lite" in " ".join(texts(await john.ask("hva har jeg registrert?")))


async def test_registering_is_offered_only_where_it_can_be_begun(desk: Desk, in_teams: InTeams) -> None:
    """A button that would be refused helps nobody; it goes, and comes back, with the policy."""
    ola = teams_person(in_teams, desk, OLA, "Ola Hansen")
    assert "Registrer eller endre" in titles(await begin(ola, "forgot_password"))
    await put_in_force(desk, '[teams]\noff = ["register_app"]')
    assert titles(await begin(ola, "forgot_password")) == ["Snakk med et menneske"]
