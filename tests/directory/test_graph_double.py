"""The double refuses, and remembers, whatever the contract of Graph does not allow."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from bot.directory.demo import TENANT
from tests.directory.conftest import KARI_ID, kari
from tests.support.clock import SteppedClock
from tests.support.graph import APP_ID, SECRET, Fault, GraphDouble, graph_double
from tests.support.login import BOT_ID, BOT_SECRET, CHANGE, ON_BEHALF

GOOD = {"passwordProfile": {"password": "Noe helt annet 4", "forceChangePasswordNextSignIn": False}}

CHANGED = {"currentPassword": kari().password, "newPassword": "Noe helt annet 4"}


@pytest.fixture
async def double(clock: SteppedClock) -> AsyncIterator[GraphDouble]:
    """One that may be misused."""
    double = GraphDouble(clock)
    double.add(kari())
    await double.server.start_server()
    yield double
    await double.close()


async def log_in(double: GraphDouble, session: ClientSession, **form: str) -> tuple[int, Any]:
    said = {"grant_type": "client_credentials", "scope": f"{double.url}/.default", "client_id": APP_ID,
            "client_secret": SECRET, **form}
    async with session.post(f"{double.url}/{TENANT}/oauth2/v2.0/token", data=said) as answer:
        return answer.status, await answer.json()


async def call(double: GraphDouble, method: str, path: str, body: Any = None,
               headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    async with ClientSession() as session:
        _, said = await log_in(double, session)
        given = {"Authorization": f"Bearer {said['access_token']}", "client-request-id": str(uuid4()),
                 **({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
        async with session.request(
                method, f"{double.url}{path}", data=None if body is None else json.dumps(body),
                headers={name: value for name, value in given.items() if value}) as answer:
            text = await answer.text()
            return answer.status, json.loads(text)["error"]["code"] if answer.status >= 400 and text else text


@pytest.mark.parametrize(("method", "path", "body", "headers"), [
    ("GET", "/v1.0/users?$select=id,shoeSize", None, {}), ("GET", "/v1.0/users", None, {}),
    ("GET", "/v1.0/users?$select=id,id", None, {}), ("GET", "/v1.0/users?$select=id&$search=x", None, {}),
    ("GET", "/v1.0/users?$select=id&$filter=startsWith(mail,'k')", None, {}),
    ("GET", "/v1.0/users?$select=id&$filter=userPrincipalName eq 'a' or mail eq 'b' or mail ne 'c'", None, {}),
    ("GET", "/v1.0/groups?$select=id", None, {}), ("DELETE", f"/v1.0/users/{KARI_ID}", None, {}),
    ("POST", f"/v1.0/users/{KARI_ID}/revokeSignInSessions", {"all": True}, {}),
    ("GET", f"/v1.0/users/{KARI_ID}?$select=id", None, {"client-request-id": "7"}),
    ("GET", f"/v1.0/users/{KARI_ID}?$select=id", None, {"Authorization": ""}),
    ("PATCH", f"/v1.0/users/{KARI_ID}", {**GOOD, "accountEnabled": True}, {}),
    ("PATCH", f"/v1.0/users/{KARI_ID}", {"passwordProfile": {"password": "Noe helt annet 4"}}, {}),
    ("PATCH", f"/v1.0/users/{KARI_ID}", {"passwordProfile": {"forceChangePasswordNextSignIn": True}}, {}),
    ("PATCH", f"/v1.0/users/{KARI_ID}", GOOD, {"Content-Type": "text/plain"})])
async def test_what_is_not_in_the_contract_is_a_violation(
        double: GraphDouble, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
    assert (await call(double, method, path, body, headers))[0] == 400
    assert len(double.violations) == 1
    assert "Noe helt" not in double.violations[0]
    assert double.users[KARI_ID] == kari()


async def test_another_place_is_a_violation(double: GraphDouble) -> None:
    assert (await call(double, "GET", "/beta/users"))[0] == 404
    assert double.violations == ["GET /beta/users: no such place"]


async def test_a_violation_fails_the_test_that_made_it(clock: SteppedClock) -> None:
    with pytest.raises(AssertionError):
        async with graph_double(clock) as double:
            await call(double, "GET", "/v1.0/me")


@pytest.mark.parametrize(("missing", "method", "path", "body"), [
    ("User.Read.All", "GET", f"/v1.0/users/{KARI_ID}?$select=id", None),
    ("User-PasswordProfile.ReadWrite.All", "PATCH", f"/v1.0/users/{KARI_ID}", GOOD),
    ("User.RevokeSessions.All", "POST", f"/v1.0/users/{KARI_ID}/revokeSignInSessions", None),
    ("Domain.Read.All", "GET", "/v1.0/domains?$select=id", None)])
async def test_each_call_needs_its_permission(
        double: GraphDouble, missing: str, method: str, path: str, body: Any) -> None:
    assert (await call(double, method, path, body))[0] in (200, 204)
    double.granted = tuple(one for one in double.granted if one != missing)
    assert await call(double, method, path, body) == (403, "Authorization_RequestDenied")
    assert double.violations == []


async def test_a_token_tells_its_roles(double: GraphDouble) -> None:
    async with ClientSession() as session:
        _, said = await log_in(double, session)
        part = said["access_token"].split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(part + "==="))["roles"] == list(double.granted)
        assert (await log_in(double, session, client_secret="another"))[0] == 401
        assert double.violations == []
        assert (await log_in(double, session, scope="https://graph.microsoft.com/.default"))[0] == 401
        assert len(double.violations) == 1


async def test_a_fault_acts_or_does_not(double: GraphDouble) -> None:
    path = f"/v1.0/users/{KARI_ID}"
    double.plan("PATCH", KARI_ID, Fault(503), Fault(503, acts=True))
    assert (await call(double, "PATCH", path, GOOD))[0] == 503
    assert double.users[KARI_ID] == kari()
    assert (await call(double, "PATCH", path, GOOD))[0] == 503
    assert double.users[KARI_ID].password == GOOD["passwordProfile"]["password"]


async def exchange(double: GraphDouble, session: ClientSession, **form: str) -> tuple[int, Any]:
    said = {"grant_type": ON_BEHALF, "requested_token_use": "on_behalf_of", "client_id": BOT_ID,
            "client_secret": BOT_SECRET, "assertion": double.sign_on(KARI_ID),
            "scope": f"{double.url}/{CHANGE} openid profile", **form}
    async with session.post(f"{double.url}/{TENANT}/oauth2/v2.0/token", data=said) as answer:
        return answer.status, await answer.json()


class TestOnBehalf:
    async def test_a_persons_token_is_for_that_person_and_that_call(self, double: GraphDouble) -> None:
        async with ClientSession() as session:
            _, said = await exchange(double, session)
        assert "refresh_token" not in said
        theirs = {"Authorization": f"Bearer {said['access_token']}"}
        assert (await call(double, "GET", f"/v1.0/users/{KARI_ID}?$select=id", None, theirs))[0] == 400
        assert (await call(double, "POST", "/v1.0/me/changePassword", CHANGED))[0] == 400
        assert [one.rpartition(": ")[2] for one in double.violations] == [
            "with a person's token", "with the app's own token"]
        assert (await call(double, "POST", "/v1.0/me/changePassword", CHANGED, theirs))[0] == 204
        assert double.users[KARI_ID].password == "Noe helt annet 4"

    @pytest.mark.parametrize("form", [
        {"scope": "https://graph.microsoft.com/.default"}, {"requested_token_use": "on_behalf"},
        {"client_id": APP_ID}, {"assertion": "x.y.z"}, {"scope": "{url}/" + CHANGE + " openid profile offline_access"}])
    async def test_what_is_not_in_the_contract_is_a_violation(
            self, double: GraphDouble, form: dict[str, str]) -> None:
        async with ClientSession() as session:
            status, said = await exchange(
                double, session, **{name: value.replace("{url}", double.url) for name, value in form.items()})
        assert (status >= 400, "access_token" in said, len(double.violations)) == (True, False, 1)

    async def test_what_it_refuses_is_no_violation(self, double: GraphDouble, clock: SteppedClock) -> None:
        """By the numbers that the login service has for it."""
        async with ClientSession() as session:
            ended = double.sign_on(KARI_ID, exp=int(clock.now()) - 1)
            codes = [(await exchange(double, session, **form))[1]["error_codes"] for form in (
                {"client_secret": "another"}, {"assertion": ended},
                {"assertion": double.sign_on(KARI_ID, scp="User.Read")})]
            double.consented = ()
            codes.append((await exchange(double, session))[1]["error_codes"])
        assert codes == [[7000215], [500133], [50013], [65001]]
        assert double.violations == []
