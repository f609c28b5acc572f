"""Calls to the channel: retried within bounds, never redirected, to allowed hosts only (C3, limit 26)."""

import asyncio
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, ClientTimeout
from botbuilder.schema import Activity

from bot.channel.bot_token import SCOPE, BotToken, LoginFailed
from bot.channel.connector import BotConnector
from bot.channel.hosts import ReplyHosts
from bot.channel.outbox import Outbox, ReplyUndelivered, open_session
from bot.clock import utc
from bot.secret import Secret
from tests.channel.conftest import Pauses
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector, Planned
from tests.support.identity import APP_ID, LocalIdentity

HERE = ReplyHosts(["127.0.0.1"])
MESSAGE = Activity(type="message", text="hei")


@pytest.fixture
def outbox(session: ClientSession, token: BotToken, clock: SteppedClock, pauses: Pauses) -> Outbox:
    return Outbox(session, HERE, token, clock, pauses)


@pytest.fixture
def bot(outbox: Outbox, connector: FakeConnector) -> BotConnector:
    return BotConnector(outbox, connector.service_url)


async def undelivered(bot: BotConnector) -> ReplyUndelivered:
    with pytest.raises(ReplyUndelivered) as caught:
        await bot.conversations.send_to_conversation("c", MESSAGE)
    return caught.value


@pytest.mark.parametrize("status", [412, 429, 502, 503, 504, 0])
async def test_a_passing_trouble_is_tried_again(
        bot: BotConnector, connector: FakeConnector, pauses: Pauses, status: int) -> None:
    """Status 0: the connection was dropped."""
    connector.planned = [Planned(status), Planned(status)]
    response = await bot.conversations.send_to_conversation("c", MESSAGE)
    assert response.id == "a3"
    assert len(pauses.waits) == 2
    assert all(0.2 <= wait <= 1.6 for wait in pauses.waits)


async def test_at_most_three_times(bot: BotConnector, connector: FakeConnector, pauses: Pauses) -> None:
    connector.planned = [Planned(503)] * 9
    assert (await undelivered(bot)).status == 503
    assert len(connector.calls) == 4
    assert len(pauses.waits) == 3


@pytest.mark.parametrize(("given", "wait"), [("2", 2), ("0", 0), ("date", 7)])
async def test_retry_after_is_honoured(
        bot: BotConnector, connector: FakeConnector, pauses: Pauses, clock: SteppedClock, given: str,
            wait: int) -> None:
    value = format_datetime(utc(clock.now() + 7), usegmt=True) if given == "date" else given
    connector.planned = [Planned(429, headers={"Retry-After": value})]
    await bot.conversations.send_to_conversation("c", MESSAGE)
    assert wait <= pauses.waits[0] <= wait + 0.5


@pytest.mark.parametrize("value", ["61", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_who_asks_for_more_than_a_minute_is_not_waited_for(
        bot: BotConnector, connector: FakeConnector, pauses: Pauses, value: str) -> None:
    connector.planned = [Planned(429, headers={"Retry-After": value})]
    assert (await undelivered(bot)).status == 429
    assert pauses.waits == []


@pytest.mark.parametrize("value", ["soon", "-1", "²", ""])
async def test_an_odd_retry_after_is_none(
        bot: BotConnector, connector: FakeConnector, pauses: Pauses, value: str) -> None:
    connector.planned = [Planned(429, headers={"Retry-After": value})]
    await bot.conversations.send_to_conversation("c", MESSAGE)
    assert pauses.waits[0] < 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 500])
async def test_a_refusal_stands(bot: BotConnector, connector: FakeConnector, status: int) -> None:
    connector.planned = [Planned(status)]
    assert (await undelivered(bot)).status == status
    assert len(connector.calls) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(bot: BotConnector, connector: FakeConnector, status: int) -> None:
    """The token would go along, to whoever asks for it."""
    connector.planned = [Planned(status, headers={"Location": f"{connector.service_url}elsewhere"})]
    assert (await undelivered(bot)).status == status
    assert len(connector.calls) == 1


async def test_a_hanging_channel_is_given_up_and_not_told_twice(
        token: BotToken, connector: FakeConnector, clock: SteppedClock) -> None:
    connector.planned = [Planned(-1)]
    async with ClientSession(timeout=ClientTimeout(total=0.2)) as hasty:
        await undelivered(BotConnector(Outbox(hasty, HERE, token, clock), connector.service_url))
    assert len(connector.calls) == 1


async def test_nobody_listening_is_tried_again_and_given_up(
        outbox: Outbox, pauses: Pauses, unused_tcp_port: int) -> None:
    assert (await undelivered(BotConnector(outbox, f"http://127.0.0.1:{unused_tcp_port}/"))).status == 0
    assert len(pauses.waits) == 3


@pytest.mark.parametrize("address", [
    "http://127.0.0.2:{port}/", "http://localhost:{port}/", "https://evil.example/",
        "http://127.0.0.1:{port}@evil/",
    "http://user@127.0.0.1:{port}/", "http://127.0.0.1:{port}/?a=", "", "file:///etc/passwd"])
async def test_nothing_is_sent_to_a_host_off_the_list(
        outbox: Outbox, connector: FakeConnector, identity: LocalIdentity, address: str) -> None:
    await undelivered(BotConnector(outbox, address.format(port=connector.server.port)))
    assert connector.calls == []
    assert identity.logins == []


@pytest.mark.parametrize("body", ["text", None, [], 5, {"id": 5}, {}])
async def test_an_answer_without_an_id_is_still_delivery(
        bot: BotConnector, connector: FakeConnector, body: Any) -> None:
    connector.planned = [Planned(201, body)]
    assert (await bot.conversations.send_to_conversation("c", MESSAGE)).id == ""


async def test_paths_are_quoted(bot: BotConnector, connector: FakeConnector) -> None:
    """None climbs or splits, and the shortcut for usual ids quotes as the long way does."""
    usual = ("a:1Ab_c-d~e.f", "19:0f@thread.v2", "8:orgid:1@x:y", "-", "a..")
    strange = ("19:0f@thread.v2;messageid=1", ".a:b", "a%3Ab", "a:æ", "a@ b", "a+b", "a\\b", "...")
    for conversation in ("../x", "..", ".", "a/b?c#d", "%2e%2e", "æ ø", *usual, *strange):
        await bot.conversations.reply_to_activity(conversation, conversation, MESSAGE)
    paths = [one.path.split("/") for one in connector.calls]
    assert [path[4] for path in paths] == [
        "..%2Fx", "%2E%2E", "%2E", "a%2Fb%3Fc%23d", "%252e%252e", "%C3%A6%20%C3%B8",
        *(quote(one, safe="") for one in usual + strange[:-1]), "%2E%2E%2E"]
    assert [path[5:] for path in paths] == [["activities", path[4]] for path in paths]


@pytest.mark.parametrize(("own", "kept"), [
    ("", ""), ("/", ""), ("/emea", "/emea"), ("/a%2Fb/..//", "/a%2Fb/.."), ("//a/", "//a")])
async def test_the_service_url_keeps_its_own_path(
        outbox: Outbox, connector: FakeConnector, own: str, kept: str) -> None:
    await outbox.call("GET", f"http://127.0.0.1:{connector.server.port}{own}", "/v3/c%2F1")
    assert connector.calls[0].path == f"{kept}/v3/c%2F1"


async def test_every_answer_frees_its_connection(
        connector: FakeConnector, token: BotToken, clock: SteppedClock, pauses: Pauses) -> None:
    """Read to its end it is used again, else it is closed; one of too many bytes is taken for none."""
    connector.planned = [
        Planned(201, {"id": "a"}), Planned(204), Planned(200, "x" * (1 << 20)), Planned(503), Planned(0)]
    async with open_session(connections=1) as narrow:
        bot = BotConnector(Outbox(narrow, HERE, token, clock, pauses), connector.service_url)
        for said, told in enumerate(("a", "", None, "a6"), 1):
            if told is None:
                assert (await undelivered(bot)).status == 0
            else:
                assert (await bot.conversations.send_to_conversation("c", MESSAGE)).id == told, said


async def test_conversations_and_members(bot: BotConnector, connector: FakeConnector) -> None:
    connector.planned = [Planned(201, {"id": "c1"}), Planned(200, {"id": "29:x"}), Planned(200,
        {"members": [{"id": "1"}, 5]}),
                         Planned(200, {"members": None}), Planned(200, [])]
    api = bot.conversations
    assert await api.create_conversation({"isGroup": False}) == {"id": "c1"}
    assert await api.get_conversation_member("c", "29:x") == {"id": "29:x"}
    assert await api.get_conversation_members("c") == [{"id": "1"}]
    assert await api.get_conversation_members("c") == []
    assert await api.get_conversation_member("c", "29:x") == {}
    assert [(one.method, one.path) for one in connector.calls[:3]] == [
        ("POST", "/emea/v3/conversations"), ("GET", "/emea/v3/conversations/c/members/29%3Ax"),
        ("GET", "/emea/v3/conversations/c/pagedmembers")]


async def test_one_log_in_serves_everybody(bot: BotConnector, identity: LocalIdentity) -> None:
    await asyncio.gather(*(bot.conversations.send_to_conversation("c", MESSAGE) for _ in range(32)))
    assert identity.logins == [
        {"grant_type": "client_credentials", "client_id": APP_ID, "client_secret": "s3cret", "scope": SCOPE}]
    assert identity.login_paths == ["/botframework.com/oauth2/v2.0/token"]


async def test_a_single_tenant_bot_logs_in_at_its_tenant(
        session: ClientSession, identity: LocalIdentity, clock: SteppedClock) -> None:
    token = BotToken(session, clock, app_id=APP_ID, password=Secret("p"), tenant="t-1",
        login_url=identity.url + "/")
    assert await token.get() == "bot-1"
    assert identity.login_paths == ["/t-1/oauth2/v2.0/token"]


async def test_a_token_is_renewed_early_and_nobody_waits(
        token: BotToken, identity: LocalIdentity, clock: SteppedClock) -> None:
    assert await token.get() == "bot-1"
    clock.advance(3600 - 301)
    assert await token.get() == "bot-1"
    assert len(identity.logins) == 1
    clock.advance(2)
    assert await token.get() == "bot-1", "still good, while it is renewed"
    async with asyncio.timeout(5):
        while await token.get() != "bot-2":
            await asyncio.sleep(0)
    assert len(identity.logins) == 2


async def test_a_token_past_its_end_is_never_used(
        token: BotToken, identity: LocalIdentity, clock: SteppedClock) -> None:
    assert await token.get() == "bot-1"
    identity.login_answers = [(503, {})]
    clock.advance(3600)
    with pytest.raises(LoginFailed):
        await token.get()
    assert await token.get() == "bot-3"


@pytest.mark.parametrize(("status", "body", "said"), [
    (401, {"error": "invalid_client", "error_codes": [7000222], "error_description": "secret"},
     "invalid_client AADSTS7000222"),
    (400, {"error": "<script>"}, "the login service answers 400"), (503, [], "the login service answers 503"),
    (400, {"error": "invalid_client", "error_codes": ["x"]}, "the login service answers 400")])
async def test_a_log_in_that_fails_says_what_the_service_says(
        token: BotToken, identity: LocalIdentity, status: int, body: Any, said: str) -> None:
    """The number tells an administrator that the secret has ended; nothing else of the answer is kept (D3)."""
    identity.login_answers = [(status, body)]
    with pytest.raises(LoginFailed) as refused:
        await token.get()
    assert str(refused.value) == said


async def test_a_token_the_channel_refuses_is_replaced_once(
        bot: BotConnector, connector: FakeConnector, identity: LocalIdentity) -> None:
    connector.planned = [Planned(401)]
    await bot.conversations.send_to_conversation("c", MESSAGE)
    assert [one.headers["Authorization"] for one in connector.calls] == ["Bearer bot-1", "Bearer bot-2"]
    connector.planned = [Planned(401), Planned(401)]
    assert (await undelivered(bot)).status == 401
    assert len(connector.calls) == 4
    assert len(identity.logins) == 3


@pytest.mark.parametrize("answer", [
    (503, {}), (400, {"error": "invalid_client"}), (200, {}), (200, []), (200, {"access_token": 5,
        "expires_in": 1}),
    (200, {"access_token": "a\nb", "expires_in": 3600}), (200, {"access_token": "a", "expires_in": "x"}),
        (302, {})])
async def test_a_log_in_that_fails_is_tried_again(
        bot: BotConnector, connector: FakeConnector, identity: LocalIdentity, pauses: Pauses,
            answer: tuple[int, Any]) -> None:
    identity.login_answers = [answer]
    await bot.conversations.send_to_conversation("c", MESSAGE)
    assert connector.calls[0].headers["Authorization"] == "Bearer bot-2"
    assert len(pauses.waits) == 1


async def test_without_a_log_in_nothing_is_sent(
        bot: BotConnector, connector: FakeConnector, identity: LocalIdentity) -> None:
    identity.login_answers = [(400, {})] * 9
    await undelivered(bot)
    assert connector.calls == []
