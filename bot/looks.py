"""What `doctor` looks at: every setting, and every outside service it names."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from tempfile import TemporaryFile

from aiohttp import ClientSession

from bot import age_doctor, clock_doctor, endpoint_doctor
from bot.admin import doctor as admin_doctor
from bot.channel.keys import ChannelKeys
from bot.channel.outbox import open_session
from bot.clock import SharedClock
from bot.delivery.mail import Smtp
from bot.directory.entra_doctor import AskedFor
from bot.directory.entra_doctor import looks as entra_looks
from bot.directory.entra_doctor import own_change as own_change_look
from bot.directory.graph import Graph
from bot.directory.graph_token import AppToken, ClientSecret
from bot.doctor import Finding, Look, examine
from bot.errors import KeyturnError, SettingsError
from bot.making.keeping import ring_of
from bot.making.outside import app_token_of, bot_token_of, login_of_the_bot, opinion_service
from bot.making.policy import policy_of
from bot.making.words import content_of
from bot.pages import bundle
from bot.rules.policy import TEMPORARY_PASS, Policy
from bot.secret import Secret
from bot.settings import Settings, WebChat, unfit_for_entra
from bot.store.ages import Ages
from bot.store.connection import Store
from bot.store.embedded import EmbeddedServer
from bot.store.mode import examine as examine_mode
from bot.store.soundness import check as check_store
from bot.store.staff import RedisStaff


async def examined(settings: Settings) -> list[Finding]:
    """One line for everything."""
    async with AsyncExitStack() as at_end:
        session = await at_end.enter_async_context(open_session())
        looks = [
            Look("content", partial(_content_loads, settings), "correct the files it names"),
            Look("KEYTURN_DATA_DIR", partial(_folder_takes_files, settings),
                 "give the user that runs Keyturn write access, or name another folder"),
            Look("KEYTURN_POLICY", partial(_policy_reads, settings),
                 "see deployment/policy.toml, and try `python app.py policy check FILE`"),
            *_key_looks(settings), *_store_looks(settings, at_end), *_age_looks(settings, at_end),
            *_mail_looks(settings), *_helpdesk_looks(settings),
            *_admin_looks(settings, at_end),
            *_bundle_looks(settings), *_opinion_looks(settings, session),
            *_channel_looks(settings, session, at_end), *_directory_looks(settings, session, at_end),
            *endpoint_doctor.looks(settings, session)]
        return await examine(looks)


async def _content_loads(settings: Settings) -> str:
    content = await asyncio.to_thread(content_of, settings)
    own = f", with {settings.content_path}" if settings.content_path.is_dir() else ""
    return f"{len(content.topics)} topics in {', '.join(content.languages)}{own}"


async def _folder_takes_files(settings: Settings) -> str:
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as trouble:
        raise SettingsError(f"cannot write to {folder} ({trouble.strerror})") from trouble
    return f"{folder} takes files"


async def _policy_reads(settings: Settings) -> str:
    policy = await asyncio.to_thread(policy_of, settings)
    there = settings.policy_path.exists()
    return f"{settings.policy_path} is valid, {len(policy.groups)} groups" if there else "not set; the defaults apply"


def _key_looks(settings: Settings) -> Iterator[Look]:
    async def look() -> str:
        given = len(settings.secret_keys)
        ring_of(settings)
        return f"{given} usable" if given else f"made and kept in {settings.data_dir}"

    if settings.secret_keys or settings.development:
        yield Look("KEYTURN_SECRET_KEYS", look, "give 32 random bytes in base64url, newest first")


def _store_looks(settings: Settings, at_end: AsyncExitStack) -> Iterator[Look]:
    async def embedded() -> str:
        folder = settings.data_dir / "redis"
        if EmbeddedServer.running(folder):
            return "not set; a running Keyturn is using the embedded server"
        server = EmbeddedServer(folder)
        server.start()
        server.stop()
        return "not set; the embedded server starts"

    async def given() -> str:
        store = Store.open(url)
        at_end.push_async_callback(store.close)
        await check_store(store)
        await examine_mode(store, development=settings.development)
        apart = SharedClock().now() - await store.time()
        if abs(apart) > clock_doctor.APART:
            raise SettingsError(
                f"its clock is {abs(apart):.0f} s {'behind' if apart > 0 else 'ahead of'} this machine's; "
                "let NTP set both, because codes from a phone need the right time")
        return "answers, keeps its data, belongs to this mode, and its clock is right"

    url = settings.redis_url.get_secret_value()
    if url:
        yield Look(
            "REDIS_URL", given, "is the server up, are host, port, password and certificate right? "
            "See \u00abYour own Redis\u00bb in README.md")
    elif settings.development:
        yield Look("REDIS_URL", embedded, "stop what uses the folder, or set REDIS_URL")


def _age_looks(settings: Settings, at_end: AsyncExitStack) -> Iterator[Look]:
    if settings.development or not settings.redis_url.get_secret_value() or not settings.secret_keys:
        return      # what is missing has been said

    async def age(name: str, secret: Secret) -> float | None:
        store = Store.open(settings.redis_url.get_secret_value())
        at_end.push_async_callback(store.close)
        return await Ages(store, ring_of(settings), SharedClock()).of(name, secret)

    yield from age_doctor.looks(settings, age)


def _bundle_looks(settings: Settings) -> Iterator[Look]:
    for one, setting in ((bundle.WEB_CHAT, "KEYTURN_WEB_CHAT"), (bundle.TEAMS, "MicrosoftAppId")):
        async def look(one: bundle.Bundle = one) -> str:
            if not one.present(settings.data_dir):
                raise SettingsError(f"the {one.name} is not in {one.folder(settings.data_dir)}")
            return f"the {one.name} {one.version} is there"

        if settings.chat is not WebChat.OFF if one is bundle.WEB_CHAT else settings.app_id:
            yield Look(setting, look, f"fetch it: {bundle.COMMAND}")


def _mail_looks(settings: Settings) -> Iterator[Look]:
    async def look() -> str:
        await Smtp(url, settings.mail_from, SharedClock()).probe()
        return "lets us in"

    async def embedded() -> str:
        return "not set; e-mails go to the mailboxes on /demo"

    url = settings.smtp_url.get_secret_value()
    if url or settings.development:
        yield Look(
            "SMTP_URL", look if url else embedded, "check host, port, user, password and certificate")


def _helpdesk_looks(settings: Settings) -> Iterator[Look]:
    async def look() -> str:
        if not settings.helpdesk_mail:
            raise SettingsError("not set; new helpdesk cases are only seen on the admin pages")
        return "is told about new helpdesk cases"

    if not settings.development:
        yield Look("KEYTURN_HELPDESK_MAIL", look, "give the address of the people who take the cases")


def _admin_looks(settings: Settings, at_end: AsyncExitStack) -> Iterator[Look]:
    async def ready() -> int:
        store = Store.open(settings.redis_url.get_secret_value())
        at_end.push_async_callback(store.close)
        everybody = await RedisStaff(store, ring_of(settings), SharedClock()).all()
        return sum(bool(one.password_hash) for one in everybody)

    known = settings.redis_url.get_secret_value() and settings.secret_keys
    return admin_doctor.looks(settings, ready if known else None)


def _channel_looks(settings: Settings, session: ClientSession, at_end: AsyncExitStack) -> Iterator[Look]:
    if not settings.app_id:
        return
    keys = ChannelKeys(session, settings.openid_metadata_url, SharedClock())
    at_end.push_async_callback(keys.close)
    token = bot_token_of(settings, session, SharedClock())
    at_end.push_async_callback(token.close)

    async def keys_come() -> str:
        await keys.refresh()
        if not keys.ready:
            raise KeyturnError("no signing keys there")
        return "signing keys fetched"

    async def token_comes() -> str:
        await token.get()
        return "the login service gives the bot a token"

    async def tenants_named() -> str:
        if settings.served_tenants == ():
            raise SettingsError("not set, nor is MicrosoftAppTenantId; nobody in Teams is served")
        return f"serves {', '.join(settings.served_tenants or ('every tenant',))}"

    yield from clock_doctor.looks(settings.openid_metadata_url, session)
    app = settings.app_id
    yield Look("KEYTURN_TENANTS", tenants_named,
               "give the ids of the tenants whose people may use the bot: az account show --query tenantId")
    yield Look("KEYTURN_OPENID_METADATA_URL", keys_come,
               f"let this machine reach the address: curl {settings.openid_metadata_url}")
    yield Look(
        "MicrosoftAppPassword", token_comes,
        "does this machine have the identity? Azure portal, machine, Identity" if settings.app_type == "UserAssignedMSI"
        else f"is it the secret's value, and not expired? az ad app credential list --id {app}; "
             f"a new one: az ad app credential reset --id {app} --append")


def _directory_looks(settings: Settings, session: ClientSession, at_end: AsyncExitStack) -> Iterator[Look]:
    if settings.directory != "entra" or unfit_for_entra(settings):
        return      # what is missing has been said
    token = app_token_of(settings)
    at_end.push_async_callback(token.close)
    try:
        policy = policy_of(settings)
    except SettingsError:
        policy = Policy()       # what is wrong with it has been said
    yield from entra_looks(Graph(session, token, settings.graph_url, SharedClock()), token, AskedFor(
        settings.directory_tenant, settings.entra_credential, settings.directory_app_id, bool(policy.groups),
        TEMPORARY_PASS in policy.gates, settings.entra_file, settings.entra_passphrase.get_secret_value()))
    if settings.teams_sign_on and settings.entra_change:
        bot = AppToken(login_of_the_bot(settings), ClientSecret(Secret(settings.app_password.get_secret_value()))) \
            if settings.acts_as_people else None
        if bot is not None:
            at_end.push_async_callback(bot.close)
        yield own_change_look(bot, settings.app_id, shared=settings.directory_app_id == settings.app_id)


def _opinion_looks(settings: Settings, session: ClientSession) -> Iterator[Look]:
    if not settings.opinion_url:
        return
    service = opinion_service(settings, session)

    async def look() -> str:
        chosen = await service.ask("I forgot my password", {"reset": "Forgotten password", "phone": "Lost phone"})
        return f"answers as agreed ({'right' if chosen == 'reset' else 'but wrong'}, to a question of ours)"

    yield Look("KEYTURN_OPINION_URL", look, "check address, model and key, or unset it")
