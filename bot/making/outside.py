"""Services outside of this machine: Microsoft's, as the accounts' home and as the channel, and the second opinion."""

from collections.abc import Callable, Collection
from pathlib import Path

from aiohttp import ClientSession

from bot.channel.bot_token import RESOURCE as CHANNEL
from bot.channel.bot_token import BotToken, LentToken, TokenKeeper
from bot.clock import Clock
from bot.directory.entra import Entra
from bot.directory.graph import Graph
from bot.directory.graph_token import (
    AppToken,
    Certificate,
    ClientSecret,
    Credential,
    Federated,
    Login,
    ManagedIdentity,
    OnBehalf,
)
from bot.second_opinion import Service
from bot.secret import Secret
from bot.settings import Settings
from bot.store.connection import Store
from bot.store.effects import Effects


def opinion_service(settings: Settings, session: ClientSession) -> Service:
    key = settings.opinion_key.get_secret_value()
    return Service(session, settings.opinion_url, settings.opinion_model, Secret(key) if key else None,
                   settings.opinion_seconds)


def entra_of(settings: Settings, session: ClientSession, token: AppToken, store: Store, clock: Clock,
             groups: Callable[[], Collection[str]] = tuple) -> Entra:
    return Entra(
        Graph(session, token, settings.graph_url, clock), token, Effects(store), clock, settings.directory_tenant,
        groups=groups, protected=frozenset(one.lower() for one in settings.protected_accounts),
        force_change=settings.entra_force_change, persons=_persons(settings) if settings.acts_as_people else None)


def _persons(settings: Settings) -> OnBehalf:
    """As the bot's registration: the sign-on in Teams is for it, whoever else reads accounts."""
    return OnBehalf(login_of_the_bot(settings), Secret(settings.app_password.get_secret_value()))


def login_of_the_bot(settings: Settings) -> Login:
    return Login(settings.login_url, settings.directory_tenant, settings.app_id, settings.graph_url)


def app_token_of(settings: Settings) -> AppToken:
    return AppToken(
        Login(settings.login_url, settings.directory_tenant, settings.directory_app_id, settings.graph_url),
        _credential(settings))


def _credential(settings: Settings) -> Credential:
    match settings.entra_credential, settings.entra_file:
        case "certificate", Path() as file:
            phrase = settings.entra_passphrase.get_secret_value()
            return Certificate(file, Secret(phrase) if phrase else None)
        case "federated", Path() as file:
            return Federated(file)
        case "managed_identity", _:
            return ManagedIdentity()
        case _:
            return ClientSecret(Secret(settings.directory_secret))


def bot_token_of(settings: Settings, session: ClientSession, clock: Clock) -> TokenKeeper:
    """A registration for many tenants logs in at the channel's own."""
    if settings.app_type == "UserAssignedMSI":
        login = Login(settings.login_url, settings.app_tenant, settings.app_id, CHANNEL)
        return LentToken(AppToken(login, ManagedIdentity()))
    tenant = settings.app_tenant if settings.app_type == "SingleTenant" else ""
    return BotToken(
        session, clock, app_id=settings.app_id, password=Secret(settings.app_password.get_secret_value()),
        tenant=tenant, login_url=settings.login_url)
