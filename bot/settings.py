"""Every setting, read once from the environment or `.env`, checked before anything starts."""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import SettingsError
from bot.rules.limits import Limits, too_loose

_SHORTEST_TOKEN = 32
DEMO_HELPDESK = "helpdesk@example.no"

LIMIT_PREFIX = "KEYTURN_LIMIT_"

# Whoever tries the bot out is one visitor who plays all the demo people: the ceiling leaves room for that.
_DEVELOPMENT_LIMITS = {"requester_targets_24h": 10}

# What stands between the first colon after the user and the last @ is the password, whatever signs are in it.
_URL_PASSWORD = re.compile(r"://([^:@]*:)?.*@", re.DOTALL)
_BASE = re.compile(r"https?://[^\s/?#@]+/?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URL_QUERY = re.compile(r"(?<=[?&])([^=&]*)=[^&]*")


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
    # The limits come from KEYTURN_LIMIT_<NAME>; load() puts them here.
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
        if value and not _trustworthy(value):
            raise ValueError("must be https:// (http:// only for a loopback address)")
        return value.rstrip("/")

    @field_validator("channel_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if one.lower().startswith("http://") and not _trustworthy(one):
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


_SECRET = frozenset(one.alias for one in Settings.model_fields.values() if "SecretStr" in str(one.annotation))


@dataclass(frozen=True, slots=True)
class Line:
    """One setting as `app.py settings` lists it."""

    name: str
    value: str
    default: str
    ceiling: str
    what: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is set, as far as it can be understood: `settings` has the defaults where `problems` names a value."""

    settings: Settings
    problems: tuple[str, ...]
    lines: tuple[Line, ...]


def load(environment: Mapping[str, str], dotenv: Path = Path(".env")) -> Settings:
    """Read the settings; `environment` wins over the file. Raises SettingsError with one line per problem."""
    found = look(environment, dotenv)
    if found.problems:
        raise SettingsError("\n".join(found.problems))
    return found.settings


def look(environment: Mapping[str, str], dotenv: Path = Path(".env")) -> Found:
    """Read the settings whatever is wrong with them, and all that is wrong."""
    values, problems = _read_dotenv(dotenv)
    values |= environment
    development = values.get("KEYTURN_MODE") == Mode.DEVELOPMENT
    limits, wrong_limits = _limits(values, _DEVELOPMENT_LIMITS if development else {})
    known = {one.alias for one in Settings.model_fields.values() if one.alias}
    problems += wrong_limits
    problems += [
        f"{name} is not a setting of Keyturn" for name in sorted(values)
        if name.startswith("KEYTURN_") and name not in known and not name.startswith(LIMIT_PREFIX)]
    given = {name: values[name] for name in known if values.get(name, "") != ""}
    settings, wrong = _understood(given, limits)
    problems += wrong.values()
    # Without a mode that is one, nobody knows what would have to be there. What is wrong is not missing besides.
    problems += [] if "KEYTURN_MODE" in wrong else [one for one in _unfit(settings) if one.split()[0] not in wrong]
    return Found(settings, tuple(problems), tuple(_listed(settings, values, wrong)))


def _understood(given: Mapping[str, str], limits: Limits) -> tuple[Settings, dict[str, str]]:
    """The settings without the values that are wrong, and what is wrong with each."""
    try:
        return Settings.model_validate({**given, "limits": limits}), {}
    except ValidationError as error:
        wrong = {str(one["loc"][0]): _in_words(one) for one in error.errors(include_url=False, include_input=False)}
    rest = {name: value for name, value in given.items() if name not in wrong}
    return Settings.model_validate({**rest, "limits": limits}), wrong


def _unfit(settings: Settings) -> list[str]:
    """What is missing or unsafe in this mode, one line each."""
    has_password = bool(settings.app_password.get_secret_value())
    by_identity = settings.app_type == "UserAssignedMSI"
    found = [(bool(settings.app_id) and not has_password and not by_identity,
              "MicrosoftAppPassword is missing; MicrosoftAppId needs it"),
             (by_identity and not settings.app_tenant,
              "MicrosoftAppTenantId is missing; MicrosoftAppType=UserAssignedMSI needs it"),
             (bool(settings.opinion_url) and not settings.opinion_model,
              "KEYTURN_OPINION_MODEL is missing; KEYTURN_OPINION_URL needs it")]
    found += [(settings.teams_sign_on and not settings.app_id,
               "MicrosoftAppId is missing; KEYTURN_TEAMS_SIGN_ON only accepts tokens issued for it")]
    found += [(True, problem) for problem in unfit_for_entra(settings)] if settings.directory == "entra" else []
    if settings.development:
        found.append((not is_loopback(settings.host),
                      f"development mode runs on a loopback HOST only, not on {settings.host} (C1)"))
        found.append((not is_loopback(settings.admin_host),
                      "development mode runs on a loopback KEYTURN_ADMIN_HOST only (C1)"))
        return [problem for holds, problem in found if holds]
    public = settings.public_url
    found += [
        (not settings.app_id,
         "MicrosoftAppId is missing; for a try-out on this machine set KEYTURN_MODE=development (C1)"),
        (not settings.redis_url.get_secret_value(),
         "REDIS_URL is missing; production needs a Redis server of its own"),
        (not settings.secret_keys, "KEYTURN_SECRET_KEYS is missing; see README.md for how to make a key"),
        (not public, "KEYTURN_PUBLIC_URL is missing; every link people get begins with it"),
        (bool(public) and not _trustworthy(public), "KEYTURN_PUBLIC_URL must be https:// in production"),
        (bool(settings.admin_port) and not _trustworthy(settings.admin_base_url()),
         "KEYTURN_ADMIN_URL must be https://, unless the admin listener is on loopback and reached there"),
        (0 < len(settings.metrics_token.get_secret_value()) < _SHORTEST_TOKEN,
         f"KEYTURN_METRICS_TOKEN is too easy to guess: give at least {_SHORTEST_TOKEN} random characters"),
        (not settings.smtp_url.get_secret_value() and settings.chat is WebChat.FULL,
         "SMTP_URL is missing; KEYTURN_WEB_CHAT=full sends codes by mail")]
    return [problem for holds, problem in found if holds] + too_loose(settings.limits)


def unfit_for_entra(settings: Settings) -> list[str]:
    """What is missing for reading accounts from Entra ID, one line each."""
    kind = settings.entra_credential
    found = [
        (not settings.directory_tenant,
         "MicrosoftAppTenantId is missing; KEYTURN_DIRECTORY=entra reads the accounts of one tenant"),
        (not settings.directory_app_id and kind != "managed_identity",
         "KEYTURN_ENTRA_APP_ID is missing; it is the application that calls Graph"),
        (not settings.directory_secret and kind == "secret",
         "KEYTURN_ENTRA_SECRET is missing; set it, or choose another KEYTURN_ENTRA_CREDENTIAL"),
        (settings.entra_file is None and kind in ("certificate", "federated"),
         f"KEYTURN_ENTRA_FILE is missing; KEYTURN_ENTRA_CREDENTIAL={kind} needs it")]
    return [problem for holds, problem in found if holds]


def _listed(settings: Settings, values: Mapping[str, str], wrong: Mapping[str, str]) -> Iterator[Line]:
    """Every setting with the value in force, or the wrong one that was given."""
    for name, one in Settings.model_fields.items():
        if one.alias is None:
            continue
        secret = one.alias in _SECRET
        value = values[one.alias] if one.alias in wrong else getattr(settings, name)
        yield Line(one.alias, _shown(value, secret), _shown(one.default, secret), "", one.description or "")
    for limit in fields(Limits):
        ceiling, floor = limit.metadata["ceiling"], limit.metadata["floor"]
        name = LIMIT_PREFIX + limit.name.upper()
        yield Line(
            name, _shown(values.get(name) or getattr(settings.limits, limit.name)), str(limit.default),
            f"≤ {ceiling}" if ceiling is not None else f"≥ {floor}" if floor else "",
            f"{limit.metadata['why']} ({limit.metadata['unit']})")


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


def _trustworthy(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")))


def _limits(values: Mapping[str, str], defaults: Mapping[str, int]) -> tuple[Limits, list[str]]:
    known = {LIMIT_PREFIX + one.name.upper(): one.name for one in fields(Limits)}
    chosen, problems = {}, []
    for name in sorted(name for name in values if name.startswith(LIMIT_PREFIX)):
        if name not in known:
            problems.append(f"{name} is not a limit of Keyturn")
        elif not values[name].isdecimal() or int(values[name]) < 1:
            problems.append(f"{name} must be a whole number above 0")
        else:
            chosen[known[name]] = int(values[name])
    return Limits(**{**defaults, **chosen}), problems


def _read_dotenv(path: Path) -> tuple[dict[str, str], list[str]]:
    """What the file sets, and why it cannot be read."""
    if not path.is_file():
        return {}, []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as trouble:
        why = trouble.strerror if isinstance(trouble, OSError) else "it is not UTF-8"
        return {}, [f"{path} cannot be read: {why}"]
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return found, []


def _in_words(error: Mapping[str, Any]) -> str:
    place = str(error["loc"][0]) if error["loc"] else ""
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {text}" if place else text


def _shown(value: Any, secret: bool = False) -> str:
    """A value in one line, without what is secret in it."""
    if isinstance(value, SecretStr):
        value, secret = value.get_secret_value(), True
    if isinstance(value, tuple):
        return ",".join(_shown(one, secret) for one in value)
    text = "" if value is None else str(value)
    if "://" in text:
        text = _URL_QUERY.sub(r"\1=***", _URL_PASSWORD.sub(r"://\1***@", text))
    elif secret and text:
        text = "(set)"
    return "".join(one if one.isprintable() else "?" for one in text)


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ
