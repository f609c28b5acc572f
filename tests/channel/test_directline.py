"""Direct Line as any client of it meets it, over real HTTP and on a real store."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, WSMsgType, web

from bot.channel.adapter import Adapter, reference_of
from bot.channel.directline import PREFIX, DirectLine
from bot.rules.limits import Limits
from bot.site import Site
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock
from tests.support.echo import Echo, direct_line, mounted


class Visitor:
    """A client that keeps cookies, as browsers do."""

    def __init__(self, base: str) -> None:
        self.base = base + PREFIX
        self.http = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.token = ""
        self.conversation = ""
        self.stream_url = ""

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        headers = {**self.auth, **more.pop("headers", {})}
        async with self.http.request(method, self.base + path, headers=headers, **more) as answer:
            return answer.status, json.loads(await answer.read() or b"null")

    async def generate(self) -> dict[str, Any]:
        status, body = await self.call("POST", "/tokens/generate")
        assert status == 200
        self.token, self.conversation = body["token"], body["conversationId"]
        return dict(body)

    async def start(self, locale: str = "en") -> int:
        await self.generate()
        given = {"user": {"id": "mallory"}, "locale": locale}
        status, body = await self.call("POST", "/conversations", json=given)
        self.token, self.stream_url = body["token"], body["streamUrl"]
        return status

    async def post(self, text: str, **fields: Any) -> tuple[int, Any]:
        activity = {"type": "message", "text": text, **fields}
        return await self.call("POST", f"/conversations/{self.conversation}/activities", json=activity)

    async def poll(self, watermark: str = "") -> tuple[list[dict[str, Any]], str]:
        status, body = await self.call(
            "GET", f"/conversations/{self.conversation}/activities?watermark={watermark}")
        assert status == 200
        return body["activities"], body["watermark"]

    async def texts(self) -> list[str]:
        return [one.get("text", "") for one in (await self.poll())[0]]

    async def until(self, text: str) -> list[dict[str, Any]]:
        """Listen until the text is said."""
        found: list[dict[str, Any]] = []
        async with self.http.ws_connect(self.stream_url) as socket:
            while not any(one.get("text") == text for one in found):
                found += (await socket.receive_json(timeout=5))["activities"]
        return found

    def claims(self) -> dict[str, Any]:
        payload = self.token.split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(payload + "==")))


class Place:
    """A running service."""

    def __init__(self, base: str, line: DirectLine, adapter: Adapter) -> None:
        self.base = base
        self.line = line
        self.adapter = adapter


async def serve(
        echo: Echo, store: Store, ring: KeyRing, clock: SteppedClock, *,
        limits: Limits | None = None, replica: str = "one", **options: Any) -> tuple[web.AppRunner, Place]:
    site = Site.of("http://127.0.0.1:1", also=frozenset({"127.0.0.1"}))
    line, adapter = direct_line(echo, store, ring, clock, site, limits=limits, replica=replica, **options)
    runner = web.AppRunner(mounted(line), shutdown_timeout=1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    host, port = runner.addresses[0][:2]
    # The port is known only now; the site is what requests are checked against.
    object.__setattr__(site, "base_url", f"http://{host}:{port}")
    object.__setattr__(site, "hosts", frozenset({f"{host}:{port}"}))
    return runner, Place(f"http://{host}:{port}", line, adapter)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def place(echo: Echo, store: Store, ring: KeyRing, clock: SteppedClock) -> AsyncIterator[Place]:
    runner, place = await serve(echo, store, ring, clock)
    yield place
    echo.gate.set()
    await runner.cleanup()


@pytest.fixture
async def visitor(place: Place) -> AsyncIterator[Visitor]:
    one = Visitor(place.base)
    yield one
    await one.http.close()


@pytest.fixture
async def other(place: Place) -> AsyncIterator[Visitor]:
    one = Visitor(place.base)
    yield one
    await one.http.close()


async def test_a_conversation_greets_echoes_and_keeps_the_order(visitor: Visitor, echo: Echo) -> None:
    """Both members come in one turn, then each message is followed by its answer."""
    assert await visitor.start("nb-NO") == 201
    for text in ("one", "two", "three"):
        assert (await visitor.post(text))[0] == 200
    assert await visitor.texts() == [
        "Hei! Hva kan jeg hjelpe med?", "one", "echo: one", "two", "echo: two", "three", "echo: three"]
    update = echo.turns[0][0]
    assert {one.id for one in update.members_added} == {"keyturn", visitor.claims()["user"]}


async def test_starting_twice_finds_the_same_conversation(visitor: Visitor, echo: Echo) -> None:
    """One token is good for one conversation, which greets once (C8)."""
    assert await visitor.start() == 201
    status, body = await visitor.call("POST", "/conversations")
    assert (status, body["conversationId"]) == (200, visitor.conversation)
    await visitor.post("hi")
    assert [one.type for one, _ in echo.turns] == ["conversationUpdate", "message"]


async def test_the_server_says_who_speaks(visitor: Visitor, echo: Echo) -> None:
    """Whatever ids, names and fields a client sends, the visitor is the token's, and anonymous (I2, C8)."""
    await visitor.start()
    await visitor.post(
        "hi", id="x", channelId="msteams", serviceUrl="https://evil.example/", recipient={"id": "y"},
        conversation={"id": "z", "tenantId": "t"}, entities=[{"type": "mention"}],
        deliveryMode="expectReplies",
        channelData={"tenant": {"id": "t"}, "clientActivityID": "c1"}, attachments=[{"contentType": "a/b"}],
        **{"from": {"id": "admin", "aadObjectId": "00000000-0000-0000-0000-000000000004", "role": "bot"}})
    activity, speaker = echo.turns[-1]
    user = visitor.claims()["user"]
    assert user.startswith("dl_")
    assert (speaker.user, speaker.object_id, speaker.tenant) == (user, None, "")
    assert speaker.channel == "directline"
    assert speaker.conversation == activity.conversation.id == visitor.conversation
    assert (activity.from_property.id, activity.from_property.aad_object_id) == (user, None)
    assert (activity.channel_id, activity.service_url) == ("directline", DirectLine.service_url)
    assert activity.channel_data == {"clientActivityID": "c1"}
    assert not activity.entities
    assert not activity.attachments


async def test_the_speaker_carries_browser_and_source(visitor: Visitor, echo: Echo) -> None:
    """The cookie's hash goes into the token, and from there to the turn (P3, V5)."""
    await visitor.start()
    await visitor.post("hi")
    speaker = echo.turns[-1][1]
    assert speaker.browser == visitor.claims()["browser"]
    assert len(speaker.browser) == 64
    assert speaker.source == "127.0.0.1"


async def test_a_token_is_useless_in_another_browser(visitor: Visitor, other: Visitor, place: Place) -> None:
    """A stolen token goes nowhere without, or with another, cookie (P3)."""
    await visitor.start()
    await other.generate()
    other.token, other.conversation = visitor.token, visitor.conversation
    assert (await other.post("hi"))[0] == 403
    bare = Visitor(place.base)
    bare.token, bare.conversation = visitor.token, visitor.conversation
    assert (await bare.post("hi"))[0] == 403
    await bare.http.close()


async def test_a_client_without_cookies_is_served(place: Place, echo: Echo) -> None:
    """Programs that keep no cookies are clients as well; they are no browser's."""
    async with ClientSession(cookie_jar=None) as http:
        jarless = {"Authorization": ""}
        async with http.post(f"{place.base}{PREFIX}/tokens/generate") as answer:
            token = (await answer.json())["token"]
        http.cookie_jar.clear()
        jarless["Authorization"] = f"Bearer {token}"
        async with http.post(f"{place.base}{PREFIX}/conversations", headers=jarless) as answer:
            assert answer.status == 201
    await asyncio.wait_for(echo.heard.wait(), 5)


async def test_cookie_is_for_this_browser_only(place: Place) -> None:
    """HttpOnly, SameSite=Lax, the whole site, this host only (P7)."""
    async with ClientSession() as http, http.post(f"{place.base}{PREFIX}/tokens/generate") as answer:
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("keyturn=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_other_sites_pages_get_no_token(visitor: Visitor, headers: dict[str, str]) -> None:
    """A browser says where it comes from; only our own pages may mint (C8)."""
    status, body = await visitor.call("POST", "/tokens/generate", headers=headers)
    assert (status, body["error"]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize("token", [
    "", "garbage", "a.b.c", "é.é.é", "{conversation}", "eyJhbGciOiJub25lIn0.eyJ1c2VyIjoiZGxfMSJ9.",
    "x" * 5000], ids=range(7))
async def test_forged_tokens_are_refused(visitor: Visitor, token: str) -> None:
    """403 with one line, never a 5xx (C4)."""
    await visitor.start()
    visitor.token = token.encode("utf-8").decode("latin-1")
    status, body = await visitor.post("hi")
    assert (status, body["error"]["code"]) == (403, "TokenExpired")


async def test_altered_claims_are_refused(visitor: Visitor) -> None:
    """The user in the token cannot be exchanged (C8)."""
    await visitor.start()
    head, _, signature = visitor.token.split(".")
    claims = visitor.claims() | {"user": "dl_somebodyelse"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    visitor.token = f"{head}.{payload}.{signature}"
    assert (await visitor.post("hi"))[0] == 403


async def test_a_stream_token_does_nothing_else(visitor: Visitor) -> None:
    """What stands in a URL is good for the socket only."""
    await visitor.start()
    visitor.token = visitor.stream_url.partition("t=")[2]
    assert (await visitor.post("hi"))[0] == 403


async def test_somebody_elses_conversation_is_closed(visitor: Visitor, other: Visitor) -> None:
    """A token opens its own conversation (I5)."""
    await visitor.start()
    await other.start()
    other.conversation = visitor.conversation
    assert (await other.post("hi"))[0] == 403
    assert (await other.call("GET", f"/conversations/{visitor.conversation}?watermark=0"))[0] == 403
    assert (await other.call("GET", f"/conversations/{visitor.conversation}/activities"))[0] == 403


async def test_tokens_expire_and_are_refreshed(visitor: Visitor, clock: SteppedClock) -> None:
    """Half an hour, and another half for who asks in time; a spent one is 403."""
    await visitor.start()
    old = visitor.token
    clock.advance(1700)
    status, body = await visitor.call("POST", "/tokens/refresh")
    assert (status, body["expires_in"]) == (200, 1800)
    visitor.token = body["token"]
    clock.advance(200)
    assert (await visitor.post("hi"))[0] == 200
    visitor.token = old
    assert (await visitor.post("hi"))[0] == 403
    assert (await visitor.call("POST", "/tokens/refresh"))[0] == 403


async def test_an_ended_conversation_is_404(visitor: Visitor, store: Store) -> None:
    """Clients take 404 as final and begin anew; so it goes for one the store has forgotten."""
    await visitor.start()
    await visitor.post("hi")
    await store.do("FLUSHDB")
    status, body = await visitor.post("hi again")
    assert (status, body["error"]["code"]) == (404, "ConversationNotFound")
    assert (await visitor.call("GET", f"/conversations/{visitor.conversation}"))[0] == 404


async def test_the_person_ends_a_conversation(visitor: Visitor, echo: Echo, store: Store) -> None:
    """After endOfConversation the bot has heard of it and nothing of it is left (limit 27)."""
    await visitor.start()
    await visitor.post("hi")
    path = f"/conversations/{visitor.conversation}/activities"
    assert (await visitor.call("POST", path, json={"type": "endOfConversation"}))[0] == 200
    assert echo.turns[-1][0].type == "endOfConversation"
    assert (await visitor.post("hi"))[0] == 404
    assert not [key for key in await store.do("KEYS", "*") if key.endswith(b":log")]


async def test_the_same_message_is_heard_once(visitor: Visitor, echo: Echo) -> None:
    """A client that lost the answer sends again under its own id; 16 at once are one (C6)."""
    await visitor.start()
    answers = await asyncio.gather(
        *(visitor.post("pay", channelData={"clientActivityID": "same"}) for _ in range(16)))
    assert {status for status, _ in answers} == {200}
    assert len({body["id"] for _, body in answers}) == 1
    assert [one.text for one, _ in echo.turns if one.type == "message"] == ["pay"]


async def test_the_log_is_sealed(visitor: Visitor, store: Store) -> None:
    """The store holds nothing readable (D1)."""
    await visitor.start()
    await visitor.post("my secret words")
    for key in await store.do("KEYS", "*"):
        dumped = await store.do("DUMP", key)
        assert b"secret" not in dumped
        assert visitor.conversation.encode() not in dumped or b"wakes" in key
        assert visitor.claims()["user"].encode() not in dumped


async def test_card_answers_are_not_kept(visitor: Visitor, echo: Echo) -> None:
    """The bot gets a card's values; the log, and so everybody's screen, does not."""
    await visitor.start()
    await visitor.post("", value={"code": "123456"}, channelData={"postBack": True})
    assert echo.turns[-1][0].value == {"code": "123456"}
    said = (await visitor.poll())[0]
    assert [one["channelData"] for one in said if one["from"]["role"] == "user"] == [{"postBack": True}]
    assert not any("value" in one for one in said)


async def test_text_is_read_to_the_limit(visitor: Visitor, echo: Echo) -> None:
    """4,000 characters of a message are read (limit 22)."""
    await visitor.start()
    await visitor.post("x" * 5000)
    assert len(echo.turns[-1][0].text) == 4000


@pytest.mark.parametrize(("body", "headers", "status"), [
    (b"{", {}, 400), (b"[]", {}, 400), (b'"x"', {}, 400), (b"", {}, 400), (b"\xff", {}, 400),
    (b'{"type":"message","type":"message","text":"a"}', {}, 400),
    (b'{"type":"message","text":NaN}', {}, 400), (b'{"type":"message","text":5}', {}, 400),
    (b'{"type":"message"}', {}, 400), (b'{"type":5}', {}, 400), (b"{}", {}, 400),
    (b'{"type":"conversationUpdate"}', {}, 400), (b'{"type":"invoke","name":"x"}', {}, 400),
    (b'{"type":"messageDelete"}', {}, 400), (b'{"type":"event"}', {}, 400),
    (b'{"type":"message","text":"a","value":' + b"[" * 70 + b"]" * 70 + b"}", {}, 400),
    (b'{"type":"message","text":"a","attachments":[' + b"{}," * 60 + b"{}]}", {}, 400),
    (b'{"type":"message","text":"' + b"x" * 300_000 + b'"}', {}, 413),
    (b"{}", {"Content-Type": "text/plain"}, 415), (b"{}", {"Content-Encoding": "gzip"}, 415)], ids=range(20))
async def test_bad_bodies_are_refused(
        visitor: Visitor, echo: Echo, body: bytes, headers: dict[str, str], status: int) -> None:
    """A 4xx with one line in Direct Line's shape; no turn (C4, N1)."""
    await visitor.start()
    given = {"Content-Type": "application/json", **headers}
    code, answer = await visitor.call(
        "POST", f"/conversations/{visitor.conversation}/activities", data=body, headers=given)
    assert code == status
    assert set(answer["error"]) == {"code", "message"}
    assert "message" not in [one.type for one, _ in echo.turns]


async def test_unknown_paths_and_methods(visitor: Visitor) -> None:
    """404 and 405 in the same shape."""
    await visitor.generate()
    for method, path, status in (("GET", "/nothing", 404), ("DELETE", "/conversations", 405),
                                 ("GET", "/tokens/generate", 405), ("OPTIONS", "/tokens/generate", 405)):
        code, answer = await visitor.call(method, path)
        assert (code, set(answer["error"])) == (status, {"code", "message"})


async def test_files_are_not_taken(visitor: Visitor) -> None:
    """Uploads are refused politely."""
    await visitor.start()
    code, answer = await visitor.call("POST", f"/conversations/{visitor.conversation}/upload", data=b"x")
    assert (code, answer["error"]["code"]) == (415, "NotSupported")


async def test_typing_runs_no_turn(visitor: Visitor, echo: Echo) -> None:
    """That somebody types is nobody's turn."""
    await visitor.start()
    path = f"/conversations/{visitor.conversation}/activities"
    assert (await visitor.call("POST", path, json={"type": "typing"}))[0] == 200
    await visitor.post("hi")
    assert [one.type for one, _ in echo.turns] == ["conversationUpdate", "message"]


async def test_the_socket_tells_history_and_news(visitor: Visitor) -> None:
    """A socket gives what was said before, then what is said, with watermarks that go on."""
    await visitor.start()
    await visitor.post("before")
    async with visitor.http.ws_connect(visitor.stream_url) as socket:
        first = await socket.receive_json(timeout=5)
        await socket.send_str("")   # a keep-alive
        await visitor.post("after")
        texts: list[str] = []
        while "echo: after" not in texts:
            frame = await socket.receive_json(timeout=5)
            texts += [one["text"] for one in frame["activities"]]
    assert [one["text"] for one in first["activities"]][1:] == ["before", "echo: before"]
    assert (first["watermark"], texts, frame["watermark"]) == ("3", ["after", "echo: after"], "5")


async def test_a_client_takes_up_where_it_was(visitor: Visitor) -> None:
    """Reconnecting with a watermark gives a socket with the rest only."""
    await visitor.start()
    await visitor.post("one")
    _, watermark = await visitor.poll()
    await visitor.post("two")
    _, body = await visitor.call("GET", f"/conversations/{visitor.conversation}?watermark={watermark}")
    visitor.stream_url = body["streamUrl"]
    assert [one["text"] for one in await visitor.until("echo: two")] == ["two", "echo: two"]


async def test_typing_passes_by(visitor: Visitor) -> None:
    """"Is typing" reaches who listens, and is not in the log."""
    await visitor.start()
    async with visitor.http.ws_connect(visitor.stream_url) as socket:
        await socket.receive_json(timeout=5)
        await visitor.post("typing")
        found: list[dict[str, Any]] = []
        while not any(one.get("text") == "echo: typing" for one in found):
            found += (await socket.receive_json(timeout=5))["activities"]
    assert "typing" in [one["type"] for one in found]
    assert "typing" not in [one["type"] for one in (await visitor.poll())[0]]


async def test_a_written_password_is_hidden(visitor: Visitor, place: Place) -> None:
    """`redact` puts dots in the log and on the open screen (D4)."""
    await visitor.start()
    async with visitor.http.ws_connect(visitor.stream_url) as socket:
        _, body = await visitor.post("Sommer2026!", channelData={"clientActivityID": "c"})
        await place.line.redact(visitor.conversation, body["id"])
        found: list[dict[str, Any]] = []
        while not any(one.get("text") == "•••" for one in found):
            found += (await socket.receive_json(timeout=5))["activities"]
    assert [one["id"] for one in found if one.get("text") == "•••"] == [body["id"]]
    assert "Sommer2026!" not in await visitor.texts()


async def test_a_turn_from_elsewhere_reaches_the_chat(visitor: Visitor, place: Place, echo: Echo) -> None:
    """A knock: the adapter finds the way back by the reference's service URL."""
    await visitor.start()
    await visitor.post("hi")
    reference = json.loads(json.dumps(reference_of(*echo.turns[-1])))
    await place.adapter.run(reference, {"name": "keyturn.knock", "value": 1})
    assert (await visitor.texts())[-1] == "event keyturn.knock: 1"
    assert "replyToId" not in (await visitor.poll())[0][-1]


async def test_other_processes_sockets_are_woken(
        visitor: Visitor, other_store: Store, ring: KeyRing, clock: SteppedClock) -> None:
    """What one replica writes is pushed by the replica that has the socket (F9)."""
    runner, second = await serve(Echo(), other_store, ring, clock, replica="two")
    await visitor.start()
    async with visitor.http.ws_connect(visitor.stream_url) as socket:
        await socket.receive_json(timeout=5)
        visitor.base = second.base + PREFIX
        assert (await visitor.post("from the other"))[0] == 200
        texts: list[str] = []
        while "echo: from the other" not in texts:
            texts += [one["text"] for one in (await socket.receive_json(timeout=5))["activities"]]
    await runner.cleanup()


async def test_a_restart_keeps_the_conversation(
        store: Store, ring: KeyRing, clock: SteppedClock, echo: Echo) -> None:
    """A new process knows tokens and conversations of the old one, which sent its clients away (F11)."""
    runner, place = await serve(echo, store, ring, clock)
    visitor = Visitor(place.base)
    await visitor.start()
    await visitor.post("before")
    async with visitor.http.ws_connect(visitor.stream_url) as socket:
        await socket.receive_json(timeout=5)
        await asyncio.gather(runner.cleanup(), socket.receive(timeout=5))
        assert socket.closed
        assert socket.close_code == 1001
    runner, place = await serve(echo, store, ring, clock)
    visitor.base = place.base + PREFIX
    await visitor.post("after")
    assert (await visitor.texts())[1:] == ["before", "echo: before", "after", "echo: after"]
    await visitor.http.close()
    await runner.cleanup()


async def test_long_work_goes_on_in_the_background(
        store: Store, ring: KeyRing, clock: SteppedClock, echo: Echo) -> None:
    """The client is answered within limit 25; the turn's answer comes by the stream."""
    runner, place = await serve(echo, store, ring, clock, limits=Limits(answer_seconds=1))
    visitor = Visitor(place.base)
    await visitor.start()
    assert (await asyncio.wait_for(visitor.post("wait"), 5))[0] == 200
    assert "echo: wait" not in await visitor.texts()
    echo.gate.set()
    assert await visitor.until("echo: wait")
    await visitor.http.close()
    await runner.cleanup()


async def test_running_turns_are_finished_before_the_end(
        store: Store, ring: KeyRing, clock: SteppedClock, echo: Echo) -> None:
    """Ending waits for a turn, so its answer is in the log (F11)."""
    runner, place = await serve(echo, store, ring, clock, limits=Limits(answer_seconds=1))
    visitor = Visitor(place.base)
    await visitor.start()
    await visitor.post("wait")
    ending = asyncio.create_task(runner.cleanup())
    await asyncio.sleep(0)
    echo.gate.set()
    await ending
    runner, place = await serve(echo, store, ring, clock)
    visitor.base = place.base + PREFIX
    assert (await visitor.texts())[-1] == "echo: wait"
    await visitor.http.close()
    await runner.cleanup()


async def test_a_failing_turn_harms_nobody(visitor: Visitor) -> None:
    """One apology, and the next message works (F14)."""
    await visitor.start()
    assert (await visitor.post("break"))[0] == 200
    await visitor.post("hi")
    assert (await visitor.texts())[1:] == ["break", "sorry", "hi", "echo: hi"]


async def test_waiting_messages_are_bounded(visitor: Visitor, echo: Echo) -> None:
    """One conversation cannot pile up turns without end (N1)."""
    await visitor.start()
    posts = [asyncio.create_task(visitor.post("wait")) for _ in range(30)]
    done, _ = await asyncio.wait(posts, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result()[0] for task in done} == {429}
    echo.gate.set()
    statuses = [status for status, _ in await asyncio.gather(*posts)]
    assert statuses.count(200) == 20
    assert set(statuses) == {200, 429}


async def test_sockets_of_a_conversation_are_bounded(visitor: Visitor) -> None:
    """A fifth socket closes the oldest one."""
    await visitor.start()
    sockets = [await visitor.http.ws_connect(visitor.stream_url) for _ in range(5)]
    message = await sockets[0].receive(timeout=5)
    while message.type is WSMsgType.TEXT:
        message = await sockets[0].receive(timeout=5)
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)
    assert not sockets[4].closed
    for socket in sockets:
        await socket.close()


async def test_a_socket_that_talks_is_closed(visitor: Visitor) -> None:
    """Clients send empty frames and nothing else there (N1)."""
    await visitor.start()
    async with visitor.http.ws_connect(visitor.stream_url) as socket:
        await socket.receive_json(timeout=5)
        await socket.send_str("hello")
        assert (await socket.receive(timeout=5)).type in (WSMsgType.CLOSE, WSMsgType.CLOSING)


async def test_minting_is_limited_but_not_for_a_morning_rush(visitor: Visitor, clock: SteppedClock) -> None:
    """A thousand people from one address pass in a minute (F15); without end nobody does (C8)."""
    statuses: list[int] = []
    while len(statuses) < 2100 and 429 not in statuses:
        answers = await asyncio.gather(*(visitor.call("POST", "/tokens/generate") for _ in range(50)))
        statuses += [status for status, _ in answers]
    assert statuses.count(200) == 2000
    assert 429 in statuses
    clock.advance(60)
    assert (await visitor.call("POST", "/tokens/generate"))[0] == 200


async def test_posts_of_a_conversation_are_limited(visitor: Visitor, echo: Echo, clock: SteppedClock) -> None:
    """N1: faster than any hand, a client is told to wait; then it is heard again, and nothing went missing."""
    await visitor.start()
    said = [f"message {number}" for number in range(30)]
    assert [(await visitor.post(text))[0] for text in said] == [200] * 30
    headers = {"Content-Type": "application/json", **visitor.auth}
    url = f"{visitor.base}/conversations/{visitor.conversation}/activities"
    async with visitor.http.post(url, data=b"never read", headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
        assert (await answer.json())["error"]["code"] == "Throttled"
    clock.advance(2)
    assert [(await visitor.post(text))[0] for text in ("more", "and more", "too much")] == [200, 200, 429]
    assert [one.text for one, _ in echo.turns if one.type == "message"] == [*said, "more", "and more"]
    assert (await visitor.poll())[0]


async def test_posts_of_an_address_are_limited(
        store: Store, ring: KeyRing, clock: SteppedClock, echo: Echo) -> None:
    """N1: all conversations behind one address together; the real number is for a thousand people (F15)."""
    runner, place = await serve(echo, store, ring, clock, posts_per_minute=60)
    visitors = [Visitor(place.base) for _ in range(4)]
    for one in visitors:
        await one.start()
    statuses = [(await one.post("hi"))[0] for _ in range(16) for one in visitors]
    assert statuses == [200] * 60 + [429] * 4
    clock.advance(2)
    assert [(await one.post("hi"))[0] for one in visitors] == [200, 200, 429, 429]
    for one in visitors:
        await one.http.close()
    await runner.cleanup()


async def test_an_altered_entry_is_left_out(visitor: Visitor, store: Store) -> None:
    """One corrupt or exchanged record harms nothing else (D1, R-042)."""
    await visitor.start()
    await visitor.post("one")
    await visitor.post("two")
    key = next(key for key in await store.do("KEYS", "*") if key.endswith(b":log"))
    await store.do("HSET", key, 3, await store.do("HGET", key, 5))
    assert (await visitor.texts())[1:] == ["one", "two", "echo: two"]


async def test_the_store_being_away_is_503(visitor: Visitor, ring: KeyRing, clock: SteppedClock) -> None:
    """Clients are told to come again; nothing of the fault shows (F6, C4)."""
    gone = Store.open("unix:///nonexistent/redis.sock")
    runner, place = await serve(Echo(), gone, ring, clock)
    visitor.base = place.base + PREFIX
    await visitor.generate()
    status, body = await visitor.call("POST", "/conversations")
    assert (status, body["error"]["code"]) == (503, "ServiceUnavailable")
    await runner.cleanup()
