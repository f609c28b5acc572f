"""Only the channel's own tokens start a turn (C2, C3, C4): the matrix of forged ones, each answered 401."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from tests.channel.conftest import Door, Echo, OpenDoor, teams_message
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector
from tests.support.identity import APP_ID, ISSUER, LocalIdentity, Signer, b64, jwk, jws, pem, rsa_signer

HOUR, MINUTE = 3600, 60
GOOD_HEADER: dict[str, Any] = {"alg": "RS256", "typ": "JWT", "kid": "key-1"}


def nothing(_signed: bytes) -> bytes:
    return b""


def hmac_with_public_pem(signed: bytes) -> bytes:
    return hmac.new(pem(1), signed, hashlib.sha256).digest()


async def refused(door: Door, echo: Echo, authorization: str | None, activity: Any = None) -> None:
    reply = await door.post(activity, headers={"Authorization": authorization})
    assert reply.status == 401
    assert reply.text == "not authorised\n"
    assert "WWW-Authenticate" in reply.headers
    assert echo.speakers == []


async def test_a_good_token_starts_a_turn(door: Door, echo: Echo, connector: FakeConnector) -> None:
    reply = await door.post()
    assert (reply.status, reply.text) == (200, "")
    assert connector.said[0]["text"] == "Echo: hei"


@pytest.mark.parametrize("authorization", [
    None, "", "Bearer", "Bearer ", "Bearer garbage", "Bearer a.b.c", "Bearer ..", "Basic dXNlcjpwYXNz",
    "Bearer " + "a" * 8000, "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS0xIn0.e30.", "Bearer eyJ9.eyJ9.eyJ9",
    "Bearer bl\u00e5", "Bearer null", "Bearer W10.W10.W10",
])
async def test_a_header_that_is_no_token_is_401(door: Door, echo: Echo, authorization: str | None) -> None:
    await refused(door, echo, authorization)


@pytest.mark.parametrize("shape", ["bearer {}", "BEARER {}", "Bearer  {}", "{}", "Bearer {},x", "Bearer\t{}"])
async def test_the_scheme_is_exact(
        door: Door, echo: Echo, identity: LocalIdentity, connector: FakeConnector, shape: str) -> None:
    await refused(door, echo, shape.format(identity.token(connector.service_url)))


MINUTES_AHEAD, HOUR_AGO = 10 * MINUTE, -HOUR


@pytest.mark.parametrize("claims", [
    pytest.param({"aud": "another-bot"}, id="wrong aud"),
    pytest.param({"aud": None}, id="no aud"),
    pytest.param({"aud": [APP_ID]}, id="aud as a list"),
    pytest.param({"aud": APP_ID.upper() + " "}, id="aud nearly"),
    pytest.param({"iss": "https://evil.example"}, id="wrong iss"),
    pytest.param({"iss": ISSUER + "/"}, id="iss nearly"),
    pytest.param({"iss": None}, id="no iss"),
    pytest.param({"iss": [ISSUER]}, id="iss as a list"),
    pytest.param({"iss": "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", "appid": APP_ID,
        "ver": "1.0"},
                 id="emulator token"),
    pytest.param({"iss": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
                  "azp": APP_ID, "ver": "2.0"}, id="token of Microsoft's own tenant"),
    pytest.param({"iss": "https://login.microsoftonline.com/tenant/v2.0", "appid": "skill", "ver": "2.0"},
                 id="skill token"),
    pytest.param({"aud": "https://api.botframework.com"}, id="replayed bot token"),
    pytest.param({"exp": None}, id="no exp"),
    pytest.param({"nbf": None}, id="no nbf"),
    pytest.param({"exp": "4000000000"}, id="exp as text"),
    pytest.param({"exp": True}, id="exp as a flag"),
    pytest.param({"exp": 10**400}, id="exp beyond numbers"),
    pytest.param({"nbf": "0"}, id="nbf as text"),
    pytest.param({"serviceurl": None}, id="no serviceurl"),
    pytest.param({"serviceurl": ""}, id="empty serviceurl"),
    pytest.param({"serviceurl": 5}, id="serviceurl as a number"),
    pytest.param({"serviceurl": "https://smba.trafficmanager.net/emea/"}, id="other serviceurl"),
])
async def test_a_signed_token_with_wrong_claims_is_401(
        door: Door, echo: Echo, claims: dict[str, Any]) -> None:
    await refused(door, echo, door.authorization(**claims)["Authorization"])


@pytest.mark.parametrize(("header", "sign"), [
    pytest.param({"alg": "none"}, nothing, id="alg none"),
    pytest.param({"alg": "none"}, rsa_signer(1), id="alg none with a signature"),
    pytest.param({"alg": "HS256"}, hmac_with_public_pem, id="HS256 with the public key"),
    pytest.param({"alg": "RS384"}, rsa_signer(1, hashes.SHA384), id="RS384"),
    pytest.param({"alg": "RS512"}, rsa_signer(1, hashes.SHA512), id="RS512"),
    pytest.param({"alg": "PS256"}, rsa_signer(1), id="PS256"),
    pytest.param({"alg": None}, rsa_signer(1), id="no alg"),
    pytest.param({"alg": "rs256"}, rsa_signer(1), id="alg in small letters"),
    pytest.param({"kid": None}, rsa_signer(1), id="no kid"),
    pytest.param({"kid": "unknown"}, rsa_signer(1), id="unknown kid"),
    pytest.param({"kid": 5}, rsa_signer(1), id="kid a number"),
    pytest.param({"kid": ""}, rsa_signer(1), id="kid empty"),
    pytest.param({}, rsa_signer(2), id="another key under the same kid"),
    pytest.param({}, nothing, id="no signature"),
    pytest.param({"jwk": jwk(2)}, rsa_signer(2), id="embedded key"),
    pytest.param({"jku": "https://evil.example/keys"}, rsa_signer(1), id="key address"),
    pytest.param({"x5u": "https://evil.example/cert"}, rsa_signer(1), id="certificate address"),
    pytest.param({"x5c": ["MIIB"]}, rsa_signer(2), id="embedded certificate"),
    pytest.param({"crit": ["exp"]}, rsa_signer(1), id="critical extension"),
])
async def test_a_token_not_signed_by_the_channel_is_401(
        door: Door, echo: Echo, identity: LocalIdentity, connector: FakeConnector,
        header: dict[str, Any], sign: Signer) -> None:
    merged = {name: value for name, value in {**GOOD_HEADER, **header}.items() if value is not None}
    await refused(door, echo, f"Bearer {jws(merged, identity.claims(connector.service_url), sign)}")


@pytest.mark.parametrize("claims", [[], "text", 5, None])
async def test_claims_that_are_no_object_are_401(door: Door, echo: Echo, claims: Any) -> None:
    await refused(door, echo, f"Bearer {jws(GOOD_HEADER, claims, rsa_signer(1))}")


async def test_a_changed_payload_breaks_the_signature(
        door: Door, echo: Echo, identity: LocalIdentity, connector: FakeConnector) -> None:
    head, _, signature = identity.token(connector.service_url).split(".")
    other = jws(GOOD_HEADER, identity.claims(connector.service_url, exp=2**40), nothing).split(".")[1]
    await refused(door, echo, f"Bearer {head}.{other}.{signature}")


async def test_two_authorization_headers_are_401(open_door: OpenDoor, connector: FakeConnector) -> None:
    door = await open_door()
    good = door.authorization()["Authorization"]
    reply = await door.post(headers={"Authorization": good, "AUTHORIZATION": "Bearer x"})
    assert reply.status == 401


@pytest.mark.parametrize(("exp", "nbf", "status"), [
    pytest.param(-4 * MINUTE, -HOUR, 200, id="ended 4 minutes ago"),
    pytest.param(-5 * MINUTE, -HOUR, 401, id="ended 5 minutes ago"),
    pytest.param(HOUR_AGO, 2 * HOUR_AGO, 401, id="ended an hour ago"),
    pytest.param(HOUR, 4 * MINUTE, 200, id="begins in 4 minutes"),
    pytest.param(HOUR, 6 * MINUTE, 401, id="begins in 6 minutes"),
])
async def test_clock_skew_is_tolerated_for_five_minutes(
        door: Door, clock: SteppedClock, exp: int, nbf: int, status: int) -> None:
    """S-014, limit 21."""
    now = int(clock.now())
    assert (await door.post(headers=door.authorization(exp=now + exp, nbf=now + nbf))).status == status


async def test_a_remembered_token_ends_when_it_says(door: Door, clock: SteppedClock) -> None:
    header = door.authorization(exp=int(clock.now()) + MINUTE)
    assert (await door.post(headers=header)).status == 200
    clock.advance(MINUTE + 301)
    assert (await door.post(headers=header)).status == 401


@pytest.mark.parametrize("field", ["serviceUrl", "channelId"])
@pytest.mark.parametrize("value", [None, "", 5, [], {}, "other"])
async def test_the_activity_must_name_what_its_token_names(
        door: Door, echo: Echo, connector: FakeConnector, field: str, value: Any) -> None:
    """Leaving a field out must not skip its check (C3)."""
    activity = teams_message(connector.service_url, **{field: value})
    await refused(door, echo, door.authorization()["Authorization"], activity)


async def test_the_reply_address_must_be_the_tokens_to_the_letter(
        door: Door, echo: Echo, connector: FakeConnector) -> None:
    for address in (connector.service_url.rstrip("/"), connector.service_url + "/",
                    connector.service_url.upper(), connector.service_url + "?x"):
        activity = teams_message(address)
        await refused(door, echo, door.authorization()["Authorization"], activity)


@pytest.mark.parametrize("key", [
    pytest.param(LocalIdentity.published(1, ["webchat"]), id="endorsed for another channel"),
    pytest.param(LocalIdentity.published(1, []), id="endorsed for none"),
    pytest.param({**jwk(1), "kid": "key-1"}, id="no endorsements"),
    pytest.param({**jwk(1), "kid": "key-1", "endorsements": "msteams"}, id="endorsements as text"),
    pytest.param({**jwk(1), "kid": "key-1", "endorsements": [["msteams"], 5]},
        id="endorsements of other types"),
    pytest.param(LocalIdentity.published(1, use="enc"), id="a key for encryption"),
    pytest.param({**jwk(1, 1024), "kid": "key-1", "endorsements": ["msteams"]}, id="a short key"),
])
async def test_the_key_must_be_endorsed_for_the_channel(
        door: Door, echo: Echo, identity: LocalIdentity, key: dict[str, Any]) -> None:
    identity.keys = [LocalIdentity.published(9), key]
    await refused(door, echo, door.authorization()["Authorization"])


async def test_odd_keys_beside_a_good_one_do_no_harm(door: Door, identity: LocalIdentity) -> None:
    identity.keys = [5, {}, {"kid": "x"}, {"kid": "y", "kty": "EC"}, {"kid": "z", "kty": "RSA", "n": "?",
        "e": 1},
                     *identity.keys]  # type: ignore[list-item]
    assert (await door.post()).status == 200


async def test_the_body_is_not_parsed_before_the_token_is_judged(door: Door) -> None:
    reply = await door.post(data=b"[" * 100_000, headers={"Authorization": "Bearer x"})
    assert reply.status == 401


async def test_garbage_between_tokens_lets_nobody_in(
        door: Door, echo: Echo, connector: FakeConnector) -> None:
    """A remembered token is remembered by all of it."""
    good = door.authorization()["Authorization"]
    assert (await door.post(headers={"Authorization": good})).status == 200
    echo.speakers.clear()
    await refused(door, echo, good[:-4] + b64(b"abc"))
