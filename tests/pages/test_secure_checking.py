"""The live rule check: rule states and their words, for our own page only, bounded."""

import json

import pytest
from aiohttp import ClientResponse

from tests.pages.conftest import Client, Open
from tests.pages.stage import COOKIE, GOOD, TICKET, a_reset, token_in
from tests.support.clock import SteppedClock

HERE = {"Cookie": f"keyturn={COOKIE}"}
URL = f"/secure/{TICKET}/check"
JSON = "application/json"


async def token_of(client: Client) -> str:
    return token_in(await (await client.get(f"/secure/{TICKET}", headers=HERE)).text())


async def check(client: Client, body: str | bytes, **headers: str) -> ClientResponse:
    given = {"Content-Type": JSON} | HERE | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(URL, data=body, headers=given)


async def test_the_rules_come_back_in_words_and_nothing_is_done(open_site: Open) -> None:
    reset = a_reset()
    client = await open_site(reset)
    token = await token_of(client)
    answer = await check(client, json.dumps({"password": "passord æøå 🐴"}), X_Keyturn_Form=token)
    assert answer.status == 200
    rules = {rule["key"]: rule for rule in (await answer.json())["rules"]}
    assert rules["too_short"] == {"key": "too_short", "kept": False, "text": "Minst 15 tegn"}
    assert rules["too_easy"]["kept"] is False
    assert rules["contains_name"]["kept"] is True
    assert "passord æ" not in await answer.text()
    assert reset.passwords == []


async def test_the_words_follow_the_pages_language(open_site: Open) -> None:
    client = await open_site(a_reset())
    headers = {"Content-Type": JSON, "X-Keyturn-Form": await token_of(client)} | HERE
    answer = await client.post(f"{URL}?lang=en", data='{"password":"a"}', headers=headers)
    assert (await answer.json())["rules"][0]["text"] == "At least 15 characters"


@pytest.mark.parametrize(("headers", "status"), [
    pytest.param({"X_Keyturn_Form": ""}, 403, id="empty token"),
    pytest.param({"X_Keyturn_Form": "x" * 43}, 403, id="wrong token"),
    pytest.param({"Cookie": "keyturn=" + "x" * 43}, 403, id="other browser with our token"),
    pytest.param({"Cookie": "a=b"}, 404, id="no cookie"),
    pytest.param({"Origin": "https://example.org"}, 403, id="other site"),
    pytest.param({"Sec_Fetch_Site": "cross-site"}, 403, id="other site, newer browser"),
    pytest.param({"Content_Type": "text/plain"}, 415, id="a type that needs no permission across sites"),
    pytest.param({"Content_Type": "application/x-www-form-urlencoded"}, 415, id="another type"),
])
async def test_only_our_own_page_may_ask(open_site: Open, headers: dict[str, str], status: int) -> None:
    client = await open_site(a_reset())
    given = {"X_Keyturn_Form": await token_of(client)} | headers
    answer = await check(client, json.dumps({"password": GOOD}), **given)
    assert answer.status == status
    assert "rules" not in await answer.text()


@pytest.mark.parametrize(("body", "status"), [
    pytest.param("", 400, id="nothing"),
    pytest.param("[]", 400, id="a list"),
    pytest.param('"x"', 400, id="a text"),
    pytest.param('{"password": 1}', 400, id="a number"),
    pytest.param('{"password": "a", "password": "b"}', 400, id="twice"),
    pytest.param('{"password": "a", "account": "b"}', 400, id="another field"),
    pytest.param('{"password": "a"', 400, id="half"),
    pytest.param(b'{"password": "\xff"}', 400, id="not UTF-8"),
    pytest.param("[" * 8000, 400, id="deep"),
    pytest.param('{"password": "\\ud800abc"}', 422, id="half a character"),
    pytest.param('{"password": "%s"}' % ("x" * 9000), 413, id="long"),
])
async def test_other_bodies_are_refused(open_site: Open, body: str | bytes, status: int) -> None:
    client = await open_site(a_reset())
    assert (await check(client, body, X_Keyturn_Form=await token_of(client))).status == status


async def test_a_page_asks_ten_times_a_second_at_most(open_site: Open, clock: SteppedClock) -> None:
    client = await open_site(a_reset())
    token = await token_of(client)
    states = [(await check(client, '{"password":"a"}', X_Keyturn_Form=token)).status for _ in range(12)]
    assert states == [200] * 10 + [429] * 2
    clock.advance(0.5)
    states = [(await check(client, '{"password":"a"}', X_Keyturn_Form=token)).status for _ in range(6)]
    assert states == [200] * 5 + [429]


async def test_a_ticket_that_ended_meanwhile_says_so(open_site: Open) -> None:
    """The page then tells the person to ask for a new link."""
    reset = a_reset()
    client = await open_site(reset)
    token = await token_of(client)
    reset.used = True
    assert (await check(client, '{"password":"a"}', X_Keyturn_Form=token)).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_it_is_asked_by_post_only(open_site: Open, method: str) -> None:
    client = await open_site(a_reset())
    assert (await client.request(method, URL, headers=HERE)).status == 405
