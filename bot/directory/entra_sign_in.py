"""What somebody has registered at Entra ID itself, and whether Microsoft's own page would give them a new password."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from bot.directory.graph import Graph, GraphRefused
from bot.errors import DirectoryUnavailable
from bot.rules.labels import clean_label
from bot.rules.masking import masked, masked_number
from bot.rules.sign_in_there import OwnPage, SignInMethod, SignInThere

log = structlog.get_logger(__name__)

METHODS, REPORT = "UserAuthenticationMethod.Read.All", "AuditLog.Read.All"
PATIENCE_SECONDS = 4.0
"""Nice to know, so nobody waits long for it."""

_MOST_METHODS = 20
_TYPE = "#microsoft.graph."
_REPORTED = "id,isSsprEnabled,isSsprRegistered"


class Permissions(Protocol):
    """What the app may do, as far as it is known."""

    async def roles(self) -> frozenset[str] | None: ...


class EntraSignIn:
    """Two questions, each only if it may be asked; what is not known is left out (graph.md, sections 4 and 5)."""

    def __init__(self, graph: Graph, permissions: Permissions) -> None:
        self._graph = graph
        self._permissions = permissions

    async def of(self, object_id: str) -> SignInThere:
        methods, report = await asyncio.gather(
            self._ask(METHODS, "users", object_id, "authentication", "methods"),
            self._ask(REPORT, "reports", "authenticationMethods", "userRegistrationDetails", object_id,
                      select=_REPORTED))
        return SignInThere(_methods(methods), _page(report))

    async def _ask(self, permission: str, *path: str, **options: str) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                allowed = await self._permissions.roles()
                if allowed is not None and permission not in allowed:
                    return {}
                return await self._graph.get(*path, **options) or {}
        except GraphRefused as refusal:
            # No permission, or no licence for the report: whoever runs this hears it from doctor.
            log.info("sign_in_not_readable", status=refusal.status, code=refusal.code, needs=permission)
        except (DirectoryUnavailable, TimeoutError) as trouble:
            log.info("sign_in_not_read", error=type(trouble).__name__)
        return {}


def _methods(page: Mapping[str, Any]) -> tuple[SignInMethod, ...] | None:
    found = page.get("value")
    if not isinstance(found, list):
        return None
    read = [_method(one) for one in found[:_MOST_METHODS] if isinstance(one, dict)]
    return tuple(dict.fromkeys(one for one in read if one is not None))


def _method(found: Mapping[str, Any]) -> SignInMethod | None:
    """None for a password, and for kinds that nobody knew of when this was written."""
    kind, shown = _KINDS.get(str(found.get("@odata.type", "")).removeprefix(_TYPE), ("", _nothing))
    if kind == "pass" and found.get("isUsable") is not True:
        return None
    return SignInMethod(kind, shown(found)) if kind else None


def _nothing(_found: Mapping[str, Any]) -> str:
    return ""


def _name(found: Mapping[str, Any]) -> str:
    """Whoever registers it names it as they like (N2)."""
    return clean_label(_text(found, "displayName"))


def _number(found: Mapping[str, Any]) -> str:
    return masked_number(_text(found, "phoneNumber"))


def _address(found: Mapping[str, Any]) -> str:
    local, at, domain = masked(_text(found, "emailAddress")).partition("@")
    return f"{local}{at}{clean_label(domain.replace('.', ' ')).replace(' ', '.')}"


_KINDS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "phoneAuthenticationMethod": ("phone", _number),
    "emailAuthenticationMethod": ("email", _address),
    "microsoftAuthenticatorAuthenticationMethod": ("authenticator", _name),
    "softwareOathAuthenticationMethod": ("other_app", _nothing),
    "fido2AuthenticationMethod": ("passkey", _name),
    "windowsHelloForBusinessAuthenticationMethod": ("computer", _name),
    "platformCredentialAuthenticationMethod": ("computer", _name),
    "externalAuthenticationMethod": ("external", _name),
    "qrCodePinAuthenticationMethod": ("qr_code", _nothing),
    "temporaryAccessPassAuthenticationMethod": ("pass", _nothing),
}


KINDS = frozenset(kind for kind, _ in _KINDS.values())


def _page(report: Mapping[str, Any]) -> OwnPage:
    enabled, registered = report.get("isSsprEnabled"), report.get("isSsprRegistered")
    if enabled is False:
        return OwnPage.OFF
    if enabled is True and isinstance(registered, bool):
        return OwnPage.WORKS if registered else OwnPage.UNREGISTERED
    return OwnPage.UNKNOWN


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
