"""What an administrator has to know on day one: does the app get in, what may it do, and how is that mended."""

from collections.abc import Iterator

from bot.directory.entra import DOMAINS, READ, RESET, REVOKE
from bot.directory.graph import Graph
from bot.directory.graph_token import AppToken
from bot.doctor import Look
from bot.errors import SettingsError

_GRAPH_APP = "00000003-0000-0000-c000-000000000000"
_APP_ROLES = {
    READ: "df021288-bdef-4463-88db-98f22de89214",
    RESET: "cc117bb9-00cf-4eb8-b580-ea2a878fe8f7",
    REVOKE: "77f3a031-c388-4f99-b373-dc68676a979e",
    DOMAINS: "dbb9058a-0e50-45d7-ae91-66909b5d4664",
}
_FOR = {
    READ: "finds accounts and says what they can do",
    RESET: "sets passwords; the app also has to hold the role User Administrator, which its token does not show "
           "(Entra admin center, Roles & admins)",
    REVOKE: "ends sessions after a reset",
    DOMAINS: "tells whose password is kept by another service",
}
_PROOFS = {
    "secret": "is KEYTURN_ENTRA_SECRET the secret's value, and not expired? A new one: "
              "az ad app credential reset --id {app}",
    "certificate": "is the certificate in KEYTURN_ENTRA_FILE registered? az ad app credential reset --id {app} "
                   "--cert @certificate.pem --append",
    "federated": "does the app trust this workload? az ad app federated-credential list --id {app}",
    "managed_identity": "has this machine the identity? Azure portal, the machine, Identity",
}


def looks(graph: Graph, token: AppToken, *, credential: str, app_id: str) -> Iterator[Look]:
    """One thing each: log-in, a harmless call, every permission."""

    async def log_in() -> str:
        await token.get()
        return "entra; the login service gives the app a token"

    async def read() -> str:
        await graph.get("users", select="id", top="1")
        return "accounts can be read"

    app = app_id or "the managed identity"
    yield Look("KEYTURN_DIRECTORY", log_in, _PROOFS[credential].format(app=app))
    yield Look("KEYTURN_GRAPH_URL", read, f"is it the Graph of your cloud, and {READ} granted?")
    for permission in _APP_ROLES:
        yield _permission(token, permission, credential, app)


def _permission(token: AppToken, permission: str, credential: str, app: str) -> Look:
    async def granted() -> str:
        roles = await token.roles()
        if roles is None:
            return f"the token does not tell; it {_FOR[permission]}"
        if permission not in roles:
            raise SettingsError("not granted")
        return f"granted; {_FOR[permission]}"

    return Look(f"Graph {permission}", granted, _granting(permission, credential, app))


def _granting(permission: str, credential: str, app: str) -> str:
    """Managed identities have no page where permissions are granted: theirs are assigned through Graph."""
    role = _APP_ROLES[permission]
    if credential == "managed_identity":
        return (
            "az rest --method POST --url https://graph.microsoft.com/v1.0/servicePrincipals/IDENTITY/"
            f'appRoleAssignments --body \'{{"principalId":"IDENTITY","resourceId":"GRAPH","appRoleId":"{role}"}}\', '
            f"with IDENTITY and GRAPH from az ad sp show --id {app} (and --id {_GRAPH_APP}) --query id")
    return (f"az ad app permission add --id {app} --api {_GRAPH_APP} --api-permissions {role}=Role && "
            f"az ad app permission admin-consent --id {app}")
