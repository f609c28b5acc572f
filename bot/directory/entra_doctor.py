"""What an administrator has to know on day one: does the app get in, what may it do, and how is that mended."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from cryptography.x509 import Certificate, load_pem_x509_certificates

from bot.directory.entra import DOMAINS, GROUPS, PASSES, READ, RESET, REVOKE
from bot.directory.entra_change import SCOPE as CHANGE
from bot.directory.entra_sign_in import METHODS, REPORT
from bot.directory.graph import Graph, GraphRefused
from bot.directory.graph_token import AppToken
from bot.doctor import Look
from bot.errors import SettingsError

ROLES = "RoleManagement.Read.Directory"

_GRAPH_APP = "00000003-0000-0000-c000-000000000000"
_APP_ROLES = {
    READ: "df021288-bdef-4463-88db-98f22de89214",
    RESET: "cc117bb9-00cf-4eb8-b580-ea2a878fe8f7",
    REVOKE: "77f3a031-c388-4f99-b373-dc68676a979e",
    DOMAINS: "dbb9058a-0e50-45d7-ae91-66909b5d4664",
    GROUPS: "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    PASSES: "627169a8-8c15-451c-861a-5b80e383de5c",
    METHODS: "38d9df27-64da-44fd-b7c5-a6fbac20248f",
    REPORT: "b0afded3-3588-46d8-8b3d-9842eff778da",
    ROLES: "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
}
_FOR = {
    READ: "finds accounts and their state",
    RESET: "sets passwords, together with a directory role",
    REVOKE: "ends sessions after a reset",
    DOMAINS: "tells whose password is kept by another service",
    GROUPS: "tells who is in the groups that the policy has rules for",
    PASSES: "makes the Temporary Access Passes that the policy allows",
    METHODS: "shows people what they have registered with Microsoft",
    REPORT: "tells people whether Microsoft's own page would work for them (needs Entra ID P1)",
    ROLES: "lets doctor look at the app's directory roles",
}
_OPTIONAL = (METHODS, REPORT, ROLES)
_USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
_TOO_STRONG = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
}
_PROOFS = {
    "secret": "is KEYTURN_ENTRA_SECRET the secret's value, and not expired? A new one: "
              "az ad app credential reset --id {app} --append",
    "certificate": "is the certificate in KEYTURN_ENTRA_FILE registered? az ad app credential reset --id {app} "
                   "--cert @certificate.pem --append",
    "federated": "does the app trust this workload? az ad app federated-credential list --id {app}",
    "managed_identity": "does this machine have the identity? See Identity on the machine in the Azure portal",
}
_SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What the settings and the policy want of Graph. `file`: the certificate that the app proves itself with."""

    tenant: str
    credential: str
    app_id: str
    groups: bool = False
    passes: bool = False
    file: Path | None = None
    passphrase: str = ""


def looks(graph: Graph, token: AppToken, asked: AskedFor) -> Iterator[Look]:
    """One thing each: log-in, a harmless call, every permission, the directory role, how old the proof is."""

    async def log_in() -> str:
        await token.get()
        return "entra; the login service gives the app a token"

    async def tenant() -> str:
        said = await token.claim("tid")
        if said and said != asked.tenant.lower():
            raise SettingsError(f"the token is of tenant {said}")
        return f"accounts of {asked.tenant}"

    async def read() -> str:
        await graph.get("users", select="id", top="1")
        return "accounts can be read"

    app = asked.app_id or "the managed identity"
    yield Look("KEYTURN_DIRECTORY", log_in, _PROOFS[asked.credential].format(app=app))
    if asked.credential == "certificate" and asked.file is not None:
        yield _certificate(asked.file, asked.passphrase, app)
    yield Look("MicrosoftAppTenantId", tenant, "give the tenant's id: az account show --query tenantId")
    yield Look("KEYTURN_GRAPH_URL", read, f"is it the Graph of your cloud, and {READ} granted?")
    wanted = {GROUPS: asked.groups, PASSES: asked.passes}
    for permission in _APP_ROLES:
        if wanted.get(permission, True):
            yield _permission(token, permission, _granting(permission, asked.credential, app, graph))
    yield _role(graph, token)


def _permission(token: AppToken, permission: str, granting: str) -> Look:
    async def granted() -> str:
        roles = await token.roles()
        if roles is None:
            return f"the token does not say; it {_FOR[permission]}"
        if permission in roles:
            return f"granted; {_FOR[permission]}"
        if permission in _OPTIONAL:
            return f"not granted, but optional; it {_FOR[permission]}: {granting}"
        raise SettingsError("not granted")

    return Look(f"Graph {permission}", granted, granting)


def _granting(permission: str, credential: str, app: str, graph: Graph) -> str:
    """Managed identities have no page where permissions are granted: theirs are assigned through Graph."""
    role = _APP_ROLES[permission]
    if credential == "managed_identity":
        return (
            f"az rest --method POST --url {graph.root}/servicePrincipals/IDENTITY/"
            f'appRoleAssignments --body \'{{"principalId":"IDENTITY","resourceId":"GRAPH","appRoleId":"{role}"}}\', '
            f"with IDENTITY and GRAPH from az ad sp show --id {app} (and --id {_GRAPH_APP}) --query id")
    return (f"az ad app permission add --id {app} --api {_GRAPH_APP} --api-permissions {role}=Role && "
            f"az ad app permission admin-consent --id {app}")


def _role(graph: Graph, token: AppToken) -> Look:
    """The role without which no password is set, and none that could set an administrator's (O1)."""

    async def held() -> str:
        principal = await token.claim("oid") or "IDENTITY"
        by_hand = (f"az rest --url \"{graph.root}/roleManagement/directory/roleAssignments"
                   f"?\\$filter=principalId eq '{principal}'\"")
        roles = await token.roles()
        if principal == "IDENTITY" or roles is None or ROLES not in roles:
            return f"cannot be checked from here; it has to be User Administrator ({_USER_ADMINISTRATOR}): {by_hand}"
        try:
            page = await graph.get("roleManagement", "directory", "roleAssignments",
                                   filter=f"principalId eq '{principal}'") or {}
        except GraphRefused as refusal:
            raise SettingsError(f"cannot be read ({refusal})") from None
        found = page.get("value")
        mine = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        names = [str(one.get("roleDefinitionId")) for one in mine]
        if strong := [_TOO_STRONG[one] for one in names if one in _TOO_STRONG]:
            raise SettingsError(f"{strong[0]} could set administrators' passwords: remove it")
        if _USER_ADMINISTRATOR not in names:
            raise SettingsError("the app does not hold User Administrator, so Graph refuses every reset")
        everywhere = "/" in [one.get("directoryScopeId") for one in mine]
        return "User Administrator, " + ("over the whole tenant" if everywhere else "within an administrative unit")

    return Look("directory role", held, "Entra admin center, Roles & admins, User Administrator; "
                "see deployment/microsoft-365.md")


def own_change(token: AppToken | None, app: str, *, shared: bool) -> Look:
    """Whether people can change their passwords as themselves. `token`: the bot's own for Graph, None when it has no
    secret to get one with; `shared`: it is the one that reads accounts as well."""

    async def ready() -> str:
        if token is None:
            raise SettingsError("MicrosoftAppPassword is missing; without it everybody is sent to Microsoft's page")
        roles = await token.roles() or frozenset()
        if roles and not shared:
            raise SettingsError(f"the bot has permissions it does not need ({', '.join(sorted(roles))}): "
                                f"remove them: az ad app permission list --id {app}")
        return (f"in Teams people change a known password as themselves, if IT has consented to {CHANGE} (delegated); "
                f"to check that: az ad app permission list-grants --id {app}; {consent}")

    consent = f"az ad app permission grant --id {app} --api {_GRAPH_APP} --scope {CHANGE}"
    return Look("KEYTURN_ENTRA_CHANGE", ready,
                f"is MicrosoftAppPassword right? Consent with {consent}, or set it to false")


def _certificate(file: Path, passphrase: str, app: str) -> Look:
    async def age() -> str:
        found = await asyncio.to_thread(_read, file, passphrase)
        left = (found.not_valid_after_utc - datetime.now(UTC)).days
        if left < _SOON_DAYS:
            raise SettingsError("the certificate " + (f"expires in {left} days" if left >= 0 else "has expired"))
        return f"the certificate is valid for {left} more days"

    return Look("KEYTURN_ENTRA_FILE", age, "make a new one, add it to the registration, then replace the file: "
                f"az ad app credential reset --id {app} --cert @certificate.pem --append")


def _read(file: Path, passphrase: str) -> Certificate:
    """Raises OSError or ValueError."""
    content = file.read_bytes()
    if file.suffix.lower() in (".pfx", ".p12"):
        found = load_key_and_certificates(content, passphrase.encode() or None)[1]
        if found is None:
            raise ValueError("no certificate in it")
        return found
    return load_pem_x509_certificates(content)[0]
