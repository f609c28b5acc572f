"""Replies go to allowed hosts only, tenants agree, incomplete activities are ignored (C3, C5, C6, I1-I4)."""

from typing import Any

import pytest

from bot.channel.hosts import DEFAULT_HOSTS, ReplyHosts
from bot.errors import SettingsError
from bot.people import Speaker
from tests.channel.conftest import KARI, Door, Echo, OpenDoor, teams_message
from tests.support.connector import FakeConnector


@pytest.mark.parametrize(("pattern", "url", "allowed"), [
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net/emea/", True),
    ("smba.trafficmanager.net", "https://SMBA.trafficmanager.net:443/", True),
    ("smba.trafficmanager.net", "http://smba.trafficmanager.net/", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net:8443/", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net.evil.example/", False),
    ("smba.trafficmanager.net", "https://evil.example/smba.trafficmanager.net", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net@evil.example/", False),
    ("smba.trafficmanager.net", "https://evil.example#@smba.trafficmanager.net/", False),
    ("smba.trafficmanager.net", "https://evil.example\\@smba.trafficmanager.net/", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net/?x=1", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net/#x", False),
    ("smba.trafficmanager.net", " https://smba.trafficmanager.net/", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net/\n", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net\u3002evil.example/", False),
    ("smba.trafficmanager.net", "https://xsmba.trafficmanager.net/", False),
    ("smba.trafficmanager.net", "//smba.trafficmanager.net/", False),
    ("smba.trafficmanager.net", "ftp://smba.trafficmanager.net/", False),
    ("smba.trafficmanager.net", "https://smba.trafficmanager.net/" + "a" * 3000, False),
    ("*.botframework.com", "https://webchat.botframework.com/", True),
    ("*.botframework.com", "https://a.b.botframework.com/", True),
    ("*.botframework.com", "https://botframework.com/", False),
    ("*.botframework.com", "https://evilbotframework.com/", False),
    ("*.botframework.com", "http://webchat.botframework.com/", False),
    ("bot.example:8443", "https://bot.example:8443/", True),
    ("bot.example:8443", "https://bot.example/", False),
    ("127.0.0.1", "http://127.0.0.1:39100/", True),
    ("127.0.0.1", "http://127.0.0.2:39100/", False),
    ("127.0.0.1", "http://127.1:39100/", False),
    ("127.0.0.1", "http://2130706433/", False),
    ("127.0.0.1", "http://localhost:39100/", False),
    ("127.0.0.1:39100", "http://127.0.0.1:39100/", True),
    ("127.0.0.1:39100", "http://127.0.0.1:39101/", False),
    ("http://localhost:39100", "http://localhost:39100/_connector", True),
    ("http://localhost:39100", "https://localhost:39100/", False),
    ("https://bot.example/", "https://bot.example/", True),
    ("[::1]", "http://[::1]:5000/", True),
])
def test_reply_hosts(pattern: str, url: str, allowed: bool) -> None:
    assert ReplyHosts([pattern]).allows(url) is allowed


@pytest.mark.parametrize("pattern", [
    "http://bot.example", "*", "*.*", "", "https://*", "ftp://x", "bot.example/path", "user@bot.example",
        "a b",
    "http://0.0.0.0", "http://169.254.169.254", "*bot.example", "http://127.1"])
def test_patterns_that_allow_too_much_are_refused(pattern: str) -> None:
    with pytest.raises(SettingsError):
        ReplyHosts([pattern])


def test_the_metadata_service_of_clouds_is_never_reached_by_default() -> None:
    hosts = ReplyHosts(DEFAULT_HOSTS)
    assert not hosts.allows("http://169.254.169.254/")
    assert not hosts.allows("https://169.254.169.254/")
    assert not hosts.local("http://127.0.0.1/")


async def test_a_signed_foreign_reply_address_is_403_and_never_called(
        open_door: OpenDoor, echo: Echo, connector: FakeConnector) -> None:
    """S-005, S-007: even the channel's own word does not reach past the list."""
    door = await open_door(hosts=ReplyHosts(["smba.trafficmanager.net"]))
    assert (await door.post()).status == 403
    assert connector.calls == []
    assert echo.speakers == []


async def test_development_answers_loopback_only(open_door: OpenDoor, connector: FakeConnector) -> None:
    hosts = ReplyHosts(["127.0.0.1", "smba.trafficmanager.net"])
    door = await open_door(development=True, hosts=hosts)
    assert (await door.post()).status == 200
    assert connector.calls[0].headers.get("Authorization") is None
    for address in ("https://smba.trafficmanager.net/emea/", "http://10.0.0.1/", "http://127.0.0.2/"):
        assert (await door.post(teams_message(address))).status == 403
    assert (await door.post(teams_message("", serviceUrl=None))).status == 400
    assert (await door.post({})).status == 400


@pytest.mark.parametrize("fields", [
    {"from": None}, {"from": {}}, {"from": "29:kari"}, {"from": {"id": ""}}, {"from": {"id": 5}},
        {"from": []},
    {"conversation": None}, {"conversation": {}}, {"conversation": "a"}, {"conversation": {"id": None}},
    {"id": None}, {"id": ""}, {"id": 5}, {"type": None}, {"type": 5}, {"type": ""}, {"type": "unheard-of"},
    {"type": ["message"]}, {"type": "messageUpdate"}, {"type": "messageDelete"}, {"type": "messageReaction"},
    {"type": "typing"}, {"type": "event", "name": "ContinueConversation"}, {"type": "invokeResponse"},
    {"type": "endOfConversation"}, {"type": "trace"},
], ids=repr)
async def test_incomplete_or_unsupported_is_acknowledged_and_ignored(
        door: Door, echo: Echo, connector: FakeConnector, fields: dict[str, Any]) -> None:
    """C5; edits, deletions and reactions never act on a flow (C6)."""
    reply = await door.post(teams_message(connector.service_url, **fields))
    assert (reply.status, reply.text) == (202, "")
    assert echo.speakers == []
    assert connector.calls == []


@pytest.mark.parametrize("fields", [
    {"id": "x" * 1025}, {"from": {"id": "x" * 2000}}, {"attachments": [{}] * 51}, {"entities": [{}] * 101},
    {"type": "conversationUpdate", "membersAdded": [{"id": "x"}] * 501}])
async def test_activities_out_of_proportion_are_400(
        door: Door, connector: FakeConnector, fields: dict[str, Any]) -> None:
    assert (await door.post(teams_message(connector.service_url, **fields))).status == 400


def personal(**fields: Any) -> dict[str, Any]:
    return {"id": "a:1", "conversationType": "personal", "tenantId": "tenant", **fields}


async def speaker_for(door: Door, echo: Echo, connector: FakeConnector, **fields: Any) -> Speaker:
    assert (await door.post(teams_message(connector.service_url, **fields))).status == 200
    return echo.speakers[-1]


async def test_the_speaker_is_tenant_and_object_id(door: Door, echo: Echo, connector: FakeConnector) -> None:
    assert await speaker_for(door, echo, connector) == Speaker(
        channel="msteams", tenant="tenant", conversation="a:conversation", user="29:kari", object_id=KARI,
        source="127.0.0.1")


@pytest.mark.parametrize(("conversation", "data", "status"), [
    ("tenant", "tenant", 200), ("TENANT", "tenant", 200), ("tenant", None, 200), (None, "tenant", 200),
    ("tenant", "other", 403), ("other", "tenant", 403), ("other", "other", 403), ("other", None, 403),
    (None, None, 403), (5, {}, 403), ("", "", 403),
])
@pytest.mark.parametrize("development", [False, True])
async def test_tenant_statements_agree_and_are_served(
        open_door: OpenDoor, connector: FakeConnector, development: bool, conversation: Any, data: Any,
        status: int) -> None:
    """S-015."""
    door = await open_door(development=development, tenants=["Tenant"])
    activity = teams_message(
        connector.service_url, conversation=personal(tenantId=conversation),
        channelData={"tenant": {"id": data}} if data is not None else {})
    if development and not isinstance(conversation, str | None):
        status = 200    # nothing stated at all is let pass there
    elif development and not conversation and not data:
        status = 200
    assert (await door.post(activity)).status == status


async def test_where_no_tenant_is_served_nobody_is(open_door: OpenDoor, echo: Echo, connector: FakeConnector) -> None:
    """I1: an allow-list with nothing on it allows nothing; a web chat of the service's states no tenant."""
    door = await open_door(tenants=[])
    assert (await door.post()).status == 403
    assert not echo.speakers
    visitor = teams_message(connector.service_url, channelId="webchat", conversation={"id": "c"}, channelData=None)
    assert (await door.post(visitor)).status == 200


@pytest.mark.parametrize("fields", [
    pytest.param({"channelData": {}}, id="one tenant statement missing"),
    pytest.param({"channelData": {"tenant": "tenant"}}, id="one tenant statement malformed"),
    pytest.param({"conversation": personal(tenantId=None)}, id="the other missing"),
    pytest.param({"from": {"id": "29:x"}}, id="no object id"),
    pytest.param({"from": {"id": "29:x", "aadObjectId": "kari"}}, id="an object id that is none"),
    pytest.param({"from": {"id": "29:x", "aadObjectId": [KARI]}}, id="an object id of the wrong type"),
    pytest.param({"from": {"id": "29:x", "aadObjectId": KARI, "userRole": "guest"}}, id="a guest"),
    pytest.param({"from": {"id": "29:x", "aadObjectId": KARI, "properties": {"userRole": "Anonymous"}}},
                 id="an anonymous participant"),
    pytest.param({"from": {"id": "29:x", "aadObjectId": KARI, "userType": "federated"}},
        id="a federated user"),
    pytest.param({"from": {"id": "29:x", "aadObjectId": KARI, "tenantId": "elsewhere"}},
        id="of another tenant"),
])
async def test_outsiders_in_teams_are_guests_without_an_identity(
        door: Door, echo: Echo, connector: FakeConnector, fields: dict[str, Any]) -> None:
    """I3, S-017."""
    speaker = await speaker_for(door, echo, connector, **fields)
    assert speaker.guest
    assert speaker.anonymous


@pytest.mark.parametrize(("conversation", "expected"), [
    (personal(), True), (personal(isGroup=False), True), (personal(isGroup=True), False),
    (personal(conversationType="groupChat"), False), (personal(conversationType="channel"), False),
    (personal(conversationType=None), False), (personal(conversationType="Personal"), False),
    (personal(conversationType=["personal"]), False), (personal(isGroup="no"), False)])
async def test_one_to_one_only_if_the_channel_says_so(
        door: Door, echo: Echo, connector: FakeConnector, conversation: dict[str, Any],
            expected: bool) -> None:
    """I4, S-018."""
    assert (await speaker_for(door, echo, connector, conversation=conversation)).personal is expected


async def test_other_channels_are_anonymous_whatever_they_say(
        door: Door, echo: Echo, connector: FakeConnector) -> None:
    """I2, S-021."""
    speaker = await speaker_for(door, echo, connector, channelId="webchat")
    assert (speaker.object_id, speaker.tenant, speaker.guest) == (None, "", False)


async def test_object_ids_have_one_spelling(door: Door, echo: Echo, connector: FakeConnector) -> None:
    upper = {"id": "29:x", "aadObjectId": "ABCDEF00-0000-0000-0000-000000000001"}
    speaker = await speaker_for(door, echo, connector, **{"from": upper})
    assert speaker.object_id == "abcdef00-0000-0000-0000-000000000001"


async def test_the_source_comes_from_the_trusted_hop(
        open_door: OpenDoor, echo: Echo, connector: FakeConnector) -> None:
    """V5, S-043."""
    door = await open_door(trusted_proxies=1)
    spoofed = {"X-Forwarded-For": "1.1.1.1, 203.0.113.7"}
    await door.post(headers={**door.authorization(), **spoofed})
    assert echo.speakers[-1].source == "203.0.113.7"
