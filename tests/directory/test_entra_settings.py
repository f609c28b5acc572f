"""What Entra ID has to be told, and what is said when something is missing (design §4)."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, load

DEVELOPMENT = {"KEYTURN_MODE": "development", "KEYTURN_DIRECTORY": "entra"}
WELL = {**DEVELOPMENT, "MicrosoftAppTenantId": "tenant", "KEYTURN_ENTRA_APP_ID": "app", "KEYTURN_ENTRA_SECRET": "s"}


def read(settings: Mapping[str, str]) -> Settings:
    return load(settings, Path("nowhere.env"))


@pytest.mark.parametrize(("change", "said"), [
    ({"MicrosoftAppTenantId": ""}, "MicrosoftAppTenantId is missing"),
    ({"MicrosoftAppTenantId": "", "KEYTURN_TENANTS": "one,two"}, "MicrosoftAppTenantId is missing"),
    ({"KEYTURN_ENTRA_APP_ID": ""}, "KEYTURN_ENTRA_APP_ID is missing"),
    ({"KEYTURN_ENTRA_SECRET": ""}, "KEYTURN_ENTRA_SECRET is missing"),
    ({"KEYTURN_ENTRA_CREDENTIAL": "certificate"}, "KEYTURN_ENTRA_FILE is missing"),
    ({"KEYTURN_ENTRA_CREDENTIAL": "federated"}, "KEYTURN_ENTRA_FILE is missing"),
    ({"KEYTURN_ENTRA_CREDENTIAL": "password"}, "KEYTURN_ENTRA_CREDENTIAL: "),
    ({"KEYTURN_GRAPH_URL": "http://graph.example.com"}, "KEYTURN_GRAPH_URL: must be https://"),
    # The bot's own password is nobody else's.
    ({"KEYTURN_ENTRA_SECRET": "", "MicrosoftAppId": "bot", "MicrosoftAppPassword": "p"}, "KEYTURN_ENTRA_SECRET")])
def test_what_is_missing_stops_the_start(change: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read({**WELL, **change})


def test_the_bots_own_registration_will_do() -> None:
    found = read({**DEVELOPMENT, "MicrosoftAppTenantId": "t", "MicrosoftAppId": "bot", "MicrosoftAppPassword": "p"})
    assert (found.directory_app_id, found.directory_secret, found.directory_tenant) == ("bot", "p", "t")


@pytest.mark.parametrize(("app_id", "wanted"), [("", ""), ("its-client-id", "its-client-id")])
def test_a_managed_identity_is_never_the_bots_registration(app_id: str, wanted: str) -> None:
    found = read({**DEVELOPMENT, "KEYTURN_TENANTS": "only", "KEYTURN_ENTRA_CREDENTIAL": "managed_identity",
                  "KEYTURN_ENTRA_APP_ID": app_id, "MicrosoftAppId": "bot", "MicrosoftAppPassword": "p"})
    assert (found.directory_app_id, found.directory_tenant) == (wanted, "only")


def test_nothing_of_it_is_asked_of_the_embedded_directory() -> None:
    assert read({"KEYTURN_MODE": "development"}).directory == "embedded"


@pytest.mark.parametrize(("change", "wanted"), [
    ({}, True), ({"KEYTURN_ENTRA_CHANGE": "false"}, False), ({"KEYTURN_TEAMS_SIGN_ON": "false"}, False),
    ({"KEYTURN_DIRECTORY": "embedded"}, False),
    ({"MicrosoftAppType": "UserAssignedMSI", "MicrosoftAppPassword": ""}, False)])
def test_people_act_as_themselves_where_they_sign_on_and_the_bot_has_a_secret(
        change: dict[str, str], wanted: bool) -> None:
    bot = {"MicrosoftAppId": "bot", "MicrosoftAppPassword": "p", "KEYTURN_TEAMS_SIGN_ON": "true"}
    assert read({**WELL, **bot, **change}).acts_as_people is wanted
