"""What the bot may ask of Microsoft Graph v1.0, in our own words: the double refuses everything else.

`test_graph_contract.py` holds it against the published description where that is at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

READ_FIELDS = frozenset({
    "id", "userPrincipalName", "displayName", "givenName", "surname", "mail", "otherMails", "preferredLanguage",
    "accountEnabled", "userType", "onPremisesSyncEnabled", "lastPasswordChangeDateTime"})

BODY = {"passwordProfile": {"password": str, "forceChangePasswordNextSignIn": bool}}
"""Both fields of a password are always sent, and nothing else beside them."""
CHANGE_BODY = {"currentPassword": str, "newPassword": str}
GROUPS_BODY = {"groupIds": list}
PASS_BODY = {"isUsableOnce": bool}
"""How long it is good for, the organisation's own policy says."""

Kind = type | Mapping[str, type]


@dataclass(frozen=True)
class Operation:
    """One call. `path` has `{}` for an id; `any_of`: permissions that suffice for what we read or do, application's
    unless it is `delegated`: then it is done as the person whose token it is.

    `besides`: what it takes as well. `page`: where the call is published, if not in the description.
    """

    method: str
    path: str
    any_of: frozenset[str]
    options: frozenset[str] = frozenset()
    select: frozenset[str] = frozenset()        # has to be given, and only these
    body: Mapping[str, Kind] = field(default_factory=dict)
    success: int = 200
    besides: frozenset[str] = frozenset()
    page: str = ""
    delegated: bool = False


PASSES = "/users/{}/authentication/temporaryAccessPassMethods"

OPERATIONS = (
    Operation("GET", "/users", frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All"}),
              frozenset({"$filter", "$select", "$top"}), READ_FIELDS),
    Operation("GET", "/users/{}", frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All"}),
              frozenset({"$select"}), READ_FIELDS),
    Operation("PATCH", "/users/{}", frozenset({"User-PasswordProfile.ReadWrite.All"}), body=BODY, success=204),
    Operation("POST", "/me/changePassword", frozenset({"User-PasswordProfile.ReadWrite.All"}), body=CHANGE_BODY,
              success=204, delegated=True),
    Operation("POST", "/users/{}/revokeSignInSessions",
              frozenset({"User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"})),
    Operation("GET", "/users/{}/transitiveMemberOf/microsoft.graph.directoryRole",
              frozenset({"User.Read.All", "Directory.Read.All"}),
              frozenset({"$select"}), frozenset({"id", "displayName", "roleTemplateId"})),
    Operation("POST", "/users/{}/checkMemberGroups", frozenset({"User.Read.All", "Directory.Read.All"}),
              body=GROUPS_BODY, besides=frozenset({"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"}),
              page="learn.microsoft.com/graph/api/user-checkmembergroups"),
    Operation("GET", "/users/{}/authentication/methods",
              frozenset({"UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"})),
    Operation("POST", PASSES, frozenset({"UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All"}),
              body=PASS_BODY, success=201),
    Operation("GET", PASSES, frozenset({"UserAuthMethod-TAP.Read.All", "UserAuthMethod-TAP.ReadWrite.All",
                                         "UserAuthenticationMethod.Read.All"})),
    Operation("DELETE", PASSES + "/{}",
              frozenset({"UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All"}), success=204),
    Operation("GET", "/roleManagement/directory/roleAssignments", frozenset({"RoleManagement.Read.Directory"}),
              frozenset({"$filter"}), page="learn.microsoft.com/graph/api/rbacapplication-list-roleassignments"),
    Operation("GET", "/reports/authenticationMethods/userRegistrationDetails/{}", frozenset({"AuditLog.Read.All"}),
              frozenset({"$select"}), frozenset({"id", "isSsprEnabled", "isSsprRegistered"})),
    Operation("GET", "/domains", frozenset({"Domain.Read.All", "Directory.Read.All"}),
              frozenset({"$select"}), frozenset({"id", "authenticationType"})),
)
