"""Whether settings that are well by themselves will do together: what is missing or unsafe."""

from bot.rules.limits import too_loose
from bot.settings.model import Settings, WebChat, is_loopback, trustworthy

_SHORTEST_TOKEN = 32


def unfit(settings: Settings) -> list[str]:
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
        (bool(public) and not trustworthy(public), "KEYTURN_PUBLIC_URL must be https:// in production"),
        (bool(settings.admin_port) and not trustworthy(settings.admin_base_url()),
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
