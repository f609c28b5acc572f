"""A double of the login service and of Microsoft Graph on loopback, which enforces their contract.

Whatever the contract does not allow is answered as Graph would and noted in `violations`; a fixture that ends with
any fails its test. `make run-entra` runs a development Keyturn on it; `python -m tests.support.graph` the double alone.
"""

import asyncio
import json
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

from bot.clock import Clock
from bot.directory.demo import DOMAIN, PEOPLE, TENANT
from tests.support.graph_contract import OPERATIONS, PASSES, Kind, Operation
from tests.support.login import ALL_ROLES, APP_ID, BOT_ID, BOT_SECRET, PRINCIPAL, SECRET, LoginService

__all__ = ["ALL_ROLES", "APP_ID", "SECRET"]

USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"

PASSWORD_METHOD = "28c10230-6103-485e-b985-444c60001490"

REGISTERED = (
    {"@odata.type": "phoneAuthenticationMethod", "id": "3179e48a-750b-4051-897c-87b9720928f7",
     "phoneNumber": "+47 99999978", "phoneType": "mobile"},
    {"@odata.type": "microsoftAuthenticatorAuthenticationMethod", "id": "app", "displayName": "Karis iPhone"})
"""What demo people who are registered have at the service itself."""

_VERSION = "/v1.0"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_ALLOWED = "Insufficient privileges to complete the operation."
_BY_NAME = re.compile(r"userPrincipalName eq '((?:[^']|'')*)' or mail eq '((?:[^']|'')*)'")
_BY_START = re.compile(r"startsWith\(userPrincipalName,'((?:[^']|'')*)'\)")


@dataclass(frozen=True)
class GraphUser:
    """One user object and what the tenant knows beside it."""

    id: str
    upn: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    password: str = "den gamle på lista"
    changed: float = 1_700_000_000.0
    sessions_from: float = 0.0
    force_change: bool = False
    groups: tuple[str, ...] = ()
    methods: tuple[Mapping[str, Any], ...] = ()     # besides the password; @odata.type without what all begin with
    passes: tuple[Mapping[str, Any], ...] = ()      # one at most; without the code, which is told only once
    page: tuple[bool, bool] | None = None           # for the report: its own page is open, and enough is registered

    def shown(self) -> dict[str, Any]:
        given, _, family = str(self.fields.get("displayName", "")).partition(" ")
        changed = datetime.fromtimestamp(int(self.changed), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "id": self.id, "userPrincipalName": self.upn, "displayName": None, "givenName": given, "surname": family,
            "mail": self.upn, "otherMails": [], "preferredLanguage": "nb-NO", "accountEnabled": True,
            "userType": "Member", "onPremisesSyncEnabled": None, "lastPasswordChangeDateTime": changed, **self.fields}


@dataclass(frozen=True)
class Fault:
    """What happens to one call instead of, or after, what was asked.

    `status` 0 cuts the line, -1 leaves it hanging until the end of the test; `acts`: it is carried out all the same.
    """

    status: int
    retry_after: str = ""
    acts: bool = False
    code: str = "UnknownError"
    message: str = "made up by the double"
    raw: str = ""           # a body that is not Graph's


@dataclass(frozen=True)
class GraphCall:
    method: str
    path: str
    query: Mapping[str, str]
    body: Any


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class GraphDouble(LoginService):
    """`plan(method, ending, fault, ...)` before a call; `lag` reads after each write still show the old user."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.users: dict[str, GraphUser] = {}
        self.domains: dict[str, str] = {DOMAIN: "Managed"}
        self.licensed = True                # Entra ID P1, without which there is no report
        self.pass_reason = "EnabledByPolicy"    # or why a pass is made and cannot be used
        self.pass_codes: list[str] = []     # every code that was ever told
        self.own_roles = {USER_ADMINISTRATOR: "/"}  # of the app itself, and what each holds for
        self.holds_role = True              # User Administrator, without which no password is set
        self.too_simple: set[str] = set()   # passwords that the service's own rules refuse
        self.wrong_current = "Invalid request."     # its text for a wrong present password is not published
        self.lag = 0
        self.calls: list[GraphCall] = []
        self._stale: dict[str, tuple[int, GraphUser]] = {}
        self._planned: list[tuple[str, str, Fault]] = []
        self._arrived = asyncio.Condition()
        self._over = asyncio.Event()
        app = self.application
        app.router.add_route("*", _VERSION + "/{tail:.*}", self._graph)
        app.router.add_route("*", "/{tail:.*}", self._elsewhere)

    @property
    def with_sign_on(self) -> dict[str, str]:
        """As `settings`, for one whose people sign on in Teams."""
        return {**self.settings, "KEYTURN_TEAMS_SIGN_ON": "true", "MicrosoftAppId": BOT_ID,
                "MicrosoftAppPassword": BOT_SECRET, "KEYTURN_TENANTS": TENANT}

    @property
    def settings(self) -> dict[str, str]:
        """What a Keyturn is given to use this double."""
        return {"KEYTURN_DIRECTORY": "entra", "KEYTURN_LOGIN_URL": self.url, "KEYTURN_GRAPH_URL": self.url,
                "MicrosoftAppTenantId": TENANT, "KEYTURN_ENTRA_APP_ID": APP_ID, "KEYTURN_ENTRA_SECRET": self.secret}

    def add(self, user: GraphUser) -> GraphUser:
        self.users[user.id] = user
        return user

    def add_demo_people(self) -> None:
        """Those of development mode, as Entra ID would hold them."""
        for one in PEOPLE:
            account = one.account
            self.add(GraphUser(account.id, account.username, {
                "displayName": account.display_name, "accountEnabled": account.enabled,
                "preferredLanguage": "nb-NO" if account.language == "nb" else "en-GB",
                "otherMails": [one.mail] if one.registered else [],
                "userType": "Guest" if account.guest else "Member",
            }, (USER_ADMINISTRATOR,) if account.protected else (),
                methods=REGISTERED if one.registered else (), page=(True, one.registered)))

    def change(self, user_id: str, **fields: Any) -> None:
        """As somebody else in the tenant would: fields of GraphUser, or properties of the object."""
        user = self.users[user_id]
        own = {name: value for name, value in fields.items() if name in GraphUser.__dataclass_fields__}
        rest = {name: value for name, value in fields.items() if name not in own}
        self.users[user_id] = replace(user, **own, fields={**user.fields, **rest})

    def plan(self, method: str, ending: str, *faults: Fault) -> None:
        """The next calls of this method whose path ends so meet these faults, one each."""
        self._planned += [(method, ending, one) for one in faults]

    def made(self, method: str, ending: str = "") -> list[GraphCall]:
        return [one for one in self.calls if one.method == method and one.path.endswith(ending)]

    async def received(self, method: str, count: int = 1) -> None:
        """Wait for so many calls of this method."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.made(method)) >= count)

    async def close(self) -> None:
        self._over.set()
        await self.server.close()

    # -- Graph ---------------------------------------------------------------------------------

    async def _elsewhere(self, request: web.Request) -> web.Response:
        self.violations.append(f"{request.method} {request.path}: no such place")
        return web.Response(status=404)

    async def _graph(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        path = request.path.removeprefix(_VERSION)
        call = GraphCall(request.method, path, dict(request.query), json.loads(raw) if raw else None)
        async with self._arrived:
            self.calls.append(call)
            self._arrived.notify_all()
        fault = self._fault(call)
        try:
            operation, user_id = self._allowed(request, call)
            if fault is not None and not fault.acts:
                return await self._failed(request, fault)
            done = self._done(operation, user_id, call)
        except _RefusedError as refusal:
            return _error(refusal.status, refusal.code, refusal.message)
        return done if fault is None else await self._failed(request, fault)

    def _fault(self, call: GraphCall) -> Fault | None:
        for one in self._planned:
            method, ending, fault = one
            if call.method == method and call.path.endswith(ending):
                self._planned.remove(one)
                return fault
        return None

    async def _failed(self, request: web.Request, fault: Fault) -> web.Response:
        if fault.status == -1:
            await self._over.wait()
        if fault.status <= 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        if fault.raw:
            return web.Response(status=fault.status, text=fault.raw, headers=headers, content_type="text/html")
        return _error(fault.status, fault.code, fault.message, headers)

    def _allowed(self, request: web.Request, call: GraphCall) -> tuple[Operation, str]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            raise self._violated(call, "no bearer token")
        if token not in self.tokens:
            raise _RefusedError(401, "InvalidAuthenticationToken", "Access token is empty or expired.")
        operation, user_id = self._operation(call)
        self._options(operation, call)
        self._headers(request, operation, call)
        person, permissions = self.tokens[token]
        if bool(person) is not operation.delegated:
            raise self._violated(call, "with a person's token" if person else "with the app's own token")
        granted = set(permissions)
        if not operation.any_of & granted or (operation.besides and not operation.besides & granted):
            raise _RefusedError(403, "Authorization_RequestDenied", _NOT_ALLOWED)
        return operation, user_id or person

    def _operation(self, call: GraphCall) -> tuple[Operation, str]:
        for one in OPERATIONS:
            found = re.fullmatch(re.escape(one.path).replace(r"\{\}", "([^/]+)"), call.path)
            if found and one.method == call.method:
                return one, found.group(1) if found.groups() else ""
        raise self._violated(call, "not a call of the contract")

    def _options(self, operation: Operation, call: GraphCall) -> None:
        if unknown := set(call.query) - operation.options:
            raise self._violated(call, f"options {sorted(unknown)}")
        if not operation.select:
            return
        names = call.query.get("$select", "").split(",")
        if not set(names) <= operation.select or len(set(names)) != len(names):
            raise self._violated(call, f"$select={','.join(names)}")

    def _headers(self, request: web.Request, operation: Operation, call: GraphCall) -> None:
        try:
            UUID(request.headers.get("client-request-id", ""))
        except ValueError:
            raise self._violated(call, "client-request-id is no GUID") from None
        if not operation.body:
            if call.body is not None:
                raise self._violated(call, "a body where there is none")
            return
        if request.headers.get("Content-Type") != "application/json":
            raise self._violated(call, "Content-Type")
        if not _fits(call.body, operation.body):
            raise self._violated(call, "body")      # what is in it is nobody's business

    def _violated(self, call: GraphCall, what: str) -> _RefusedError:
        self.violations.append(f"{call.method} {call.path}: {what}")
        return _RefusedError(400, "Request_BadRequest", "Invalid request.")

    def _done(self, operation: Operation, user_id: str, call: GraphCall) -> web.Response:
        acts: dict[tuple[str, str], Callable[[], web.Response]] = {
            ("GET", "/users"): lambda: self._search(call),
            ("GET", "/users/{}"): lambda: _json(_selected(self._seen(user_id).shown(), call)),
            ("POST", "/me/changePassword"): lambda: self._change_own(user_id, call.body),
            ("PATCH", "/users/{}"): lambda: self._set_password(user_id, call.body["passwordProfile"]),
            ("POST", "/users/{}/revokeSignInSessions"): lambda: self._revoke(user_id),
            ("POST", "/users/{}/checkMemberGroups"): lambda: self._groups(user_id, call),
            ("GET", "/users/{}/authentication/methods"): lambda: self._methods(self._user(user_id)),
            ("GET", "/roleManagement/directory/roleAssignments"): lambda: self._own_roles(call),
            ("GET", PASSES): lambda: _list([dict(one) for one in self._user(user_id).passes]),
            ("POST", PASSES): lambda: self._give_pass(user_id),
            ("DELETE", PASSES + "/{}"): lambda: self._remove_pass(user_id, call.path.rpartition("/")[2]),
            ("GET", "/reports/authenticationMethods/userRegistrationDetails/{}"): lambda: self._report(user_id, call),
            ("GET", "/domains"): lambda: _list([
                _selected({"id": name, "authenticationType": kind}, call) for name, kind in self.domains.items()])}
        return acts.get((operation.method, operation.path), lambda: self._roles(user_id, call))()

    def _seen(self, user_id: str) -> GraphUser:
        """The user as a replica has it that may be behind."""
        user = self._user(user_id)
        left, old = self._stale.get(user.id, (0, user))
        if left:
            self._stale[user.id] = (left - 1, old)
            return old
        return user

    def _user(self, name: str) -> GraphUser:
        for user in self.users.values():
            if name in (user.id, user.upn):
                return user
        raise _RefusedError(404, "Request_ResourceNotFound", f"Resource '{name}' does not exist or one of its queried "
                            "reference-property objects are not present.")

    def _write(self, user: GraphUser, **fields: Any) -> None:
        self._stale[user.id] = (self.lag, user)
        self.users[user.id] = replace(user, **fields)

    def _search(self, call: GraphCall) -> web.Response:
        asked = call.query.get("$filter")
        found = list(self.users.values())
        if asked is not None:
            found = [one for one in found if self._matches(one, asked, call)]
        return _list([_selected(one.shown(), call) for one in found][:int(call.query.get("$top", "100"))])

    def _matches(self, user: GraphUser, asked: str, call: GraphCall) -> bool:
        """As loosely as the service may compare: without case, and without accents."""
        if by_start := _BY_START.fullmatch(asked):
            return _loose(user.upn).startswith(_literal(by_start.group(1)))
        by_name = _BY_NAME.fullmatch(asked)
        if by_name is None:
            raise self._violated(call, f"$filter={asked}")
        return _loose(user.upn) == _literal(by_name.group(1)) or \
            _loose(str(user.shown()["mail"] or "")) == _literal(by_name.group(2))

    def _set_password(self, user_id: str, profile: Mapping[str, Any]) -> web.Response:
        user = self._user(user_id)
        if not self.holds_role or user.roles or user.fields.get("userType") == "Guest":
            raise _RefusedError(403, "Authorization_RequestDenied", _NOT_ALLOWED)
        self._kept_here(user)
        self._strong(profile["password"])
        self._write(user, password=profile["password"], changed=self.clock.now(),
                    force_change=profile["forceChangePasswordNextSignIn"])
        return web.Response(status=204)

    def _change_own(self, user_id: str, body: Mapping[str, Any]) -> web.Response:
        """Whether the present password is right is looked at last: nobody has published in which order."""
        user = self._user(user_id)
        self._kept_here(user)
        self._strong(body["newPassword"])
        if body["currentPassword"] != user.password:
            raise _RefusedError(400, "Request_BadRequest", self.wrong_current)
        self._write(user, password=body["newPassword"], changed=self.clock.now(), force_change=False)
        return web.Response(status=204)

    def _kept_here(self, user: GraphUser) -> None:
        if user.fields.get("onPremisesSyncEnabled"):
            raise _RefusedError(400, "Request_BadRequest", "Unable to update the specified properties for on-premises "
                                "mastered Directory Sync objects or objects currently undergoing migration.")
        if self.domains.get(user.upn.partition("@")[2]) == "Federated":
            raise _RefusedError(400, "Request_BadRequest", "Operation is not supported for federated users.")

    def _strong(self, password: str) -> None:
        if password in self.too_simple or len(password) < 8:
            raise _RefusedError(400, "Request_BadRequest", "The specified password does not comply with password "
                                "complexity requirements. Please provide a different password.")

    def _revoke(self, user_id: str) -> web.Response:
        self._write(self._user(user_id), sessions_from=self.clock.now())
        return _json({"value": True})

    def _groups(self, user_id: str, call: GraphCall) -> web.Response:
        """As the service: one id that is none, or one too many, and the whole request fails."""
        asked = call.body["groupIds"]
        if not 1 <= len(asked) <= 20 or not all(isinstance(one, str) and _GUID.fullmatch(one) for one in asked):
            raise self._violated(call, "groupIds")
        return _json({"value": [one for one in asked if one in self._user(user_id).groups]})

    def _methods(self, user: GraphUser) -> web.Response:
        password = {"@odata.type": "passwordAuthenticationMethod", "id": PASSWORD_METHOD, "password": None}
        return _list([{**one, "@odata.type": f"#microsoft.graph.{one['@odata.type']}"}
                      for one in (password, *user.methods)])

    def _give_pass(self, user_id: str) -> web.Response:
        """A new one deletes the old one; its code stands in this answer and in no other."""
        user = self._user(user_id)
        if user.roles or user.fields.get("userType") == "Guest":
            raise _RefusedError(403, "accessDenied", "Request Authorization failed")
        begins = datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = {"id": str(uuid4()), "isUsableOnce": True, "isUsable": self.pass_reason == "EnabledByPolicy",
                "methodUsabilityReason": self.pass_reason, "lifetimeInMinutes": 60, "createdDateTime": begins,
                "startDateTime": begins}
        self._write(user, passes=({**made, "temporaryAccessPass": None},))
        self.pass_codes.append(f"TAP{secrets.token_hex(4)}+")
        return web.json_response({**made, "temporaryAccessPass": self.pass_codes[-1]}, status=201)

    def _remove_pass(self, user_id: str, pass_id: str) -> web.Response:
        user = self._user(user_id)
        if pass_id not in [one["id"] for one in user.passes]:
            raise _RefusedError(404, "ResourceNotFound", "no such method")
        self._write(user, passes=())
        return web.Response(status=204)

    def _own_roles(self, call: GraphCall) -> web.Response:
        if call.query.get("$filter") != f"principalId eq '{PRINCIPAL}'":
            raise self._violated(call, "$filter")
        return _list([{"id": str(uuid4()), "principalId": PRINCIPAL, "roleDefinitionId": role,
                       "directoryScopeId": scope} for role, scope in self.own_roles.items()])

    def _report(self, user_id: str, call: GraphCall) -> web.Response:
        if not self.licensed:
            raise _RefusedError(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Tenant is not a B2C "
                                "tenant and doesn't have premium license")
        page = self._user(user_id).page
        if page is None:
            raise _RefusedError(404, "ResourceNotFound", "no such row")
        return _json(_selected(
            {"id": user_id, "isSsprEnabled": page[0], "isSsprRegistered": page[1]}, call))

    def _roles(self, user_id: str, call: GraphCall) -> web.Response:
        return _list([_selected({"id": str(uuid4()), "displayName": None, "roleTemplateId": role}, call)
                      for role in self._user(user_id).roles])


def _fits(body: Any, wanted: Mapping[str, Kind]) -> bool:
    if not isinstance(body, dict) or body.keys() != wanted.keys():
        return False
    return all(type(body[name]) is kind if isinstance(kind, type) else _fits(body[name], kind)
               for name, kind in wanted.items())


def _loose(text: str) -> str:
    return text.casefold().replace("å", "a").replace("é", "e").replace("\u0430", "a")


def _literal(quoted: str) -> str:
    return _loose(quoted.replace("''", "'"))


def _selected(found: Mapping[str, Any], call: GraphCall) -> dict[str, Any]:
    return {name: found[name] for name in call.query["$select"].split(",")}


def _json(body: Any) -> web.Response:
    return web.json_response(body, headers={"request-id": str(uuid4())})


def _list(found: list[dict[str, Any]]) -> web.Response:
    return _json({"@odata.context": "double", "value": found})


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(
        {"error": {"code": code, "message": message, "innerError": {"request-id": str(uuid4())}}}, status=status,
        headers={"request-id": str(uuid4()), **(headers or {})})


@asynccontextmanager
async def graph_double(clock: Clock) -> AsyncIterator[GraphDouble]:
    """A running double; at its end it fails on every breach of the contract."""
    double = GraphDouble(clock)
    await double.server.start_server()
    yield double
    await double.close()
    assert double.violations == []


async def _serve(*command: str) -> int:
    """The double alone, or for as long as a command runs that is to use it."""
    from bot.clock import SharedClock  # noqa: PLC0415

    async with graph_double(SharedClock()) as double:
        double.add_demo_people()
        if not command:
            print("\n".join(f"{name}={value}" for name, value in double.settings.items()), flush=True)
            await asyncio.Event().wait()
        mode = {"KEYTURN_MODE": "development", **double.settings}
        keyturn = await asyncio.create_subprocess_exec(*command, env={**os.environ, **mode})

        def end() -> None:
            if keyturn.returncode is None:
                keyturn.terminate()

        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, end)
        return await keyturn.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(_serve(*sys.argv[1:])))
