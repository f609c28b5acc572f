"""Every setting: its name outside, its default, what it does, and what follows from it."""

import ipaddress
import re
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.rules.limits import Limits

DEMO_HELPDESK = "helpdesk@example.no"

_BASE = re.compile(r"https?://[^\s/?#@]+/?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Mode(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"


class WebChat(StrEnum):
    OFF = "off"
    FAQ = "faq"
    FULL = "full"


class Settings(BaseSettings):
    """The settings of design §4 by their outside names; lists are separated by commas."""

    model_config = SettingsConfigDict(
        extra="forbid", populate_by_name=True, case_sensitive=True, hide_input_in_errors=True, frozen=True)

    mode: Mode = Field(
        Mode.PRODUCTION, alias="KEYTURN_MODE",
        description="production, or development (loopback only: demo people, embedded store, /demo)")
    host: str = Field("127.0.0.1", alias="HOST", description="address of the public listener")
    port: int = Field(3978, alias="PORT", ge=0, le=65535, description="port of the public listener")
    admin_host: str = Field(
        "127.0.0.1", alias="KEYTURN_ADMIN_HOST", description="address of the admin listener: /admin and /metrics")
    admin_port: int = Field(
        3979, alias="KEYTURN_ADMIN_PORT", ge=0, le=65535,
        description="port of the admin listener; 0 for none; in development another one if 3979 is taken")
    admin_url: str = Field(
        "", alias="KEYTURN_ADMIN_URL",
        description="address of the admin pages as people see it, if a proxy is in front; https unless on loopback")
    metrics_token: SecretStr = Field(
        SecretStr(""), alias="KEYTURN_METRICS_TOKEN",
        description="bearer token that Prometheus sends; unset in production: nobody can read /metrics")
    public_url: str = Field(
        "", alias="KEYTURN_PUBLIC_URL", description="address that links to people begin with; https in production")
    trusted_proxies: int = Field(
        0, alias="KEYTURN_TRUSTED_PROXIES", ge=0, le=10,
        description="number of proxies in front, which are trusted to give the client's address")
    app_id: str = Field("", alias="MicrosoftAppId", description="the bot registration's application id")
    app_password: SecretStr = Field(
        SecretStr(""), alias="MicrosoftAppPassword", description="the bot registration's client secret")
    app_type: str = Field(
        "SingleTenant", alias="MicrosoftAppType", pattern="^(SingleTenant|MultiTenant|UserAssignedMSI)$",
        description="SingleTenant, MultiTenant or UserAssignedMSI (a managed identity: no password), as registered")
    app_tenant: str = Field(
        "", alias="MicrosoftAppTenantId", description="tenant of a SingleTenant or UserAssignedMSI registration")
    teams_sign_on: bool = Field(
        False, alias="KEYTURN_TEAMS_SIGN_ON",
        description="whether secure pages in Teams require its single sign-on, which the registration has to offer")
    redis_url: SecretStr = Field(
        SecretStr(""), alias="REDIS_URL",
        description="redis://, rediss:// or unix://; unset in development: an embedded server")
    data_dir: Path = Field(
        Path(".keyturn"), alias="KEYTURN_DATA_DIR", description="folder for data, caches and your own files")
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), alias="KEYTURN_SECRET_KEYS",
        description="encryption keys, newest first: 32 bytes each in base64url; made for you in development")
    directory: str = Field(
        "embedded", alias="KEYTURN_DIRECTORY", pattern="^(embedded|entra)$",
        description="where the accounts are: embedded, or entra (ad is not built yet)")
    entra_app_id: str = Field(
        "", alias="KEYTURN_ENTRA_APP_ID",
        description="application, or user-assigned managed identity, used for Graph; unset: the bot's own")
    entra_credential: str = Field(
        "secret", alias="KEYTURN_ENTRA_CREDENTIAL", pattern="^(secret|certificate|federated|managed_identity)$",
        description="how it authenticates: secret, certificate, federated (workload identity), managed_identity")
    entra_secret: SecretStr = Field(
        SecretStr(""), alias="KEYTURN_ENTRA_SECRET",
        description="its client secret; unset: MicrosoftAppPassword, if it is the bot's own application")
    entra_file: Path | None = Field(
        None, alias="KEYTURN_ENTRA_FILE",
        description="certificate: PEM with its key, or .pfx; federated: where the platform keeps the token")
    entra_passphrase: SecretStr = Field(
        SecretStr(""), alias="KEYTURN_ENTRA_PASSPHRASE", description="passphrase of the certificate's key")
    entra_force_change: bool = Field(
        False, alias="KEYTURN_ENTRA_FORCE_CHANGE",
        description="whether a password chosen here has to be replaced at the next sign-in")
    entra_change: bool = Field(
        True, alias="KEYTURN_ENTRA_CHANGE",
        description="with KEYTURN_TEAMS_SIGN_ON: people change a password they know in Teams, as themselves, if IT "
                    "has consented; false: on Microsoft's page")
    protected_accounts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="KEYTURN_PROTECTED_ACCOUNTS",
        description="object ids of accounts never to serve, besides holders of directory roles: break-glass, service")
    tenants: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="KEYTURN_TENANTS", description="ids of the tenants served; empty: only the app's own")
    web_chat: WebChat | None = Field(
        None, alias="KEYTURN_WEB_CHAT",
        description="off (default in production), faq, or full (default in development)")
    policy: Path | None = Field(
        None, alias="KEYTURN_POLICY",
        description="the policy file (see deployment/policy.toml); unset: policy.toml in the data folder, if any")
    content: Path | None = Field(
        None, alias="KEYTURN_CONTENT",
        description="folder of the organisation's own content (see README.md); unset: content in the data folder")
    opinion_url: str = Field(
        "", alias="KEYTURN_OPINION_URL",
        description="base address of a chat-completions service to ask for a topic when Keyturn is unsure; unset: off")
    opinion_model: str = Field("", alias="KEYTURN_OPINION_MODEL", description="the model to ask there")
    opinion_key: SecretStr = Field(
        SecretStr(""), alias="KEYTURN_OPINION_KEY", description="its key, sent as a bearer token; unset: none is sent")
    opinion_seconds: float = Field(
        2.0, alias="KEYTURN_OPINION_SECONDS", gt=0, le=5, description="how long a turn waits for it, 5 at most")
    opinion_per_minute: int = Field(
        20, alias="KEYTURN_OPINION_PER_MINUTE", ge=1, le=600,
        description="most questions to it per minute, from all processes together")
    opinion_per_day: int = Field(
        1000, alias="KEYTURN_OPINION_PER_DAY", ge=1, le=100_000,
        description="most questions to it per day, from all processes together")
    smtp_url: SecretStr = Field(
        SecretStr(""), alias="SMTP_URL",
        description="smtp://user:password@host:587 or smtps://…; unset in development: embedded mailbox")
    mail_from: str = Field(
        "keyturn@example.no", alias="KEYTURN_MAIL_FROM", description="address that e-mails are sent from")
    helpdesk_mail: str = Field(
        "", alias="KEYTURN_HELPDESK_MAIL", pattern=r"^$|^[^@\s]+@[^@\s]+$",
        description="address that is told about every new helpdesk case; in development helpdesk@example.no, on /demo")
    helpdesk_lang: str = Field(
        "nb", alias="KEYTURN_HELPDESK_LANGUAGE", pattern="^[a-z]{2,3}$",
        description="language of those e-mails; there has to be content in it")
    openid_metadata_url: str = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        alias="KEYTURN_OPENID_METADATA_URL", description="where the channel publishes its signing keys")
    channel_issuer: str = Field(
        "https://api.botframework.com", alias="KEYTURN_CHANNEL_ISSUER",
        description="issuer of the channel's tokens")
    channel_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="KEYTURN_CHANNEL_HOSTS",
        description="hosts replies may go to; `*.` stands for subdomains, http://… only for loopback")
    login_url: str = Field(
        "https://login.microsoftonline.com", alias="KEYTURN_LOGIN_URL", description="the login service")
    graph_url: str = Field(
        "https://graph.microsoft.com", alias="KEYTURN_GRAPH_URL", description="Microsoft Graph")
    # The limits come from KEYTURN_LIMIT_<NAME>; `look` puts them here.
    limits: Limits = Limits()

    @classmethod
    def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
            *_: Any, **__: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `look` gives and nothing else: a wrong value left out must not come back from the environment."""
        return (init_settings,)

    @field_validator("secret_keys", "tenants", "channel_hosts", "protected_accounts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("host", "admin_host")
    @classmethod
    def _plain_host(cls, value: str) -> str:
        """An IPv6 address comes with or without brackets, in any of its spellings; browsers know one."""
        try:
            return str(ipaddress.ip_address(value.removeprefix("[").removesuffix("]")))
        except ValueError:
            return value

    @field_validator("openid_metadata_url", "login_url", "graph_url", "opinion_url")
    @classmethod
    def _https(cls, value: str) -> str:
        """`http://` is for loopback addresses named in full only (design §4)."""
        if value and not trustworthy(value):
            raise ValueError("must be https:// (http:// only for a loopback address)")
        return value.rstrip("/")

    @field_validator("channel_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if one.lower().startswith("http://") and not trustworthy(one):
                raise ValueError("http:// only for a loopback address named in full")
        return value

    @field_validator("public_url", "admin_url")
    @classmethod
    def _base(cls, value: str) -> str:
        """Pages and cookies are at the root of their host, so links cannot begin further down."""
        if value and not _BASE.fullmatch(value):
            raise ValueError("must be https:// and a host, with nothing behind it")
        return value

    @field_validator("mail_from", "helpdesk_mail")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not _MAIL.fullmatch(parseaddr(value)[1]):
            raise ValueError("must be a mail address, as keyturn@example.no")
        return value

    @property
    def groups_have_guids(self) -> bool:
        """Whether the home of accounts knows groups by such ids only."""
        return self.directory == "entra"

    @property
    def served_tenants(self) -> tuple[str, ...] | None:
        """Whose people are anybody to us in Teams (I1); None is everybody's, where nothing is real."""
        named = self.tenants or ((self.app_tenant,) if self.app_tenant else ())
        return named or (None if self.development else ())

    @property
    def directory_tenant(self) -> str:
        """The one tenant whose accounts are read."""
        return self.app_tenant or (self.tenants[0] if len(self.tenants) == 1 else "")

    @property
    def directory_app_id(self) -> str:
        """A managed identity without a name is the machine's own, not the bot's."""
        return self.entra_app_id or ("" if self.entra_credential == "managed_identity" else self.app_id)

    @property
    def directory_secret(self) -> str:
        shared = not self.entra_app_id or self.entra_app_id == self.app_id
        return self.entra_secret.get_secret_value() or (self.app_password.get_secret_value() if shared else "")

    @property
    def acts_as_people(self) -> bool:
        """Whether a sign-on in Teams is exchanged for a token of that person's, which takes the bot's own secret."""
        return (self.directory == "entra" and self.teams_sign_on and self.entra_change
                and bool(self.app_password.get_secret_value()))

    @property
    def development(self) -> bool:
        return self.mode is Mode.DEVELOPMENT

    @property
    def chat(self) -> WebChat:
        return self.web_chat or (WebChat.FULL if self.development else WebChat.OFF)

    @property
    def helpdesk_address(self) -> str:
        return self.helpdesk_mail or (DEMO_HELPDESK if self.development else "")

    @property
    def policy_path(self) -> Path:
        """Where the policy stands; only one that is named has to be there."""
        return self.policy or self.data_dir / "policy.toml"

    @property
    def content_path(self) -> Path:
        """Where the organisation's own content stands; only a folder that is named has to be there."""
        return self.content or self.data_dir / "content"

    @property
    def base_url(self) -> str:
        """What every link begins with, without a slash at the end."""
        return (self.public_url or f"http://{bracketed(self.host)}:{self.port}").rstrip("/")

    def admin_base_url(self, port: int = 0) -> str:
        """What links to the admin pages begin with; `port` is the one that is listened on, if not the one set."""
        return (self.admin_url or f"http://{bracketed(self.admin_host)}:{port or self.admin_port}").rstrip("/")

    @property
    def admin_port_may_move(self) -> bool:
        """Nobody chose it: two who try Keyturn out on one machine shall not stand in each other's way."""
        return self.development and "admin_port" not in self.model_fields_set

    @property
    def reply_hosts(self) -> tuple[str, ...]:
        """The allow-list of C3: Microsoft's public cloud, or as set; loopback is added in development."""
        hosts = self.channel_hosts or ("*.botframework.com", "smba.trafficmanager.net", "*.teams.microsoft.com")
        return (*hosts, "http://127.0.0.1", "http://localhost", "http://[::1]") if self.development else hosts


def bracketed(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def trustworthy(url: str) -> bool:
    """Whether nobody on the way can read along: `http://` does only where it leads to this machine itself."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")))
