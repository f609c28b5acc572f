"""The app's own token: every way to prove the app, one log-in at a time, and no secret to anybody else (C3, D3, D5)."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from bot.directory import graph_token
from bot.directory.graph_token import AppToken, Certificate, ClientSecret, Federated, LoginRefused, ManagedIdentity
from bot.secret import Secret
from tests.directory.conftest import token_for
from tests.support.graph import ALL_ROLES, APP_ID, SECRET, GraphDouble
from tests.support.identity import private_key

PHRASE = Secret("laasen paa noekkelen")


def certificate_of(number: int, days: int = 1) -> x509.Certificate:
    key = private_key(number)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keyturn")])
    now = datetime.now(UTC)
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(number).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
            .sign(key, hashes.SHA256()))


def write(folder: Path, kind: str, number: int = 1, days: int = 1) -> Path:
    """A certificate with its key, as an administrator would make it."""
    path = folder / f"app.{kind}"
    locked: KeySerializationEncryption = BestAvailableEncryption(PHRASE.reveal().encode())
    if kind == "pfx":
        path.write_bytes(pkcs12.serialize_key_and_certificates(
            b"keyturn", private_key(number), certificate_of(number, days), None, locked))
    else:
        lock = NoEncryption() if kind == "pem" else locked
        path.write_bytes(private_key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
                         + certificate_of(number, days).public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def machine(double: GraphDouble, monkeypatch: pytest.MonkeyPatch) -> GraphDouble:
    """A machine that has an identity, as App Service gives it."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{double.url}/machine/token")
    monkeypatch.setenv("IDENTITY_HEADER", SECRET)
    return double


async def test_a_secret_is_told_the_login_service_only(double: GraphDouble, token: AppToken) -> None:
    assert await token.roles() == frozenset(ALL_ROLES)
    login, = double.logins
    assert (login["client_id"], login["client_secret"], login["scope"]) == (APP_ID, SECRET, f"{double.url}/.default")


@pytest.mark.parametrize("kind", ["pem", "locked.pem", "pfx"])
async def test_a_certificate_signs_and_its_key_stays(double: GraphDouble, tmp_path: Path, kind: str) -> None:
    double.certificate = certificate_of(1)
    token = token_for(double, Certificate(write(tmp_path, kind), None if kind == "pem" else PHRASE))
    assert await token.get()
    assert "client_secret" not in double.logins[0]


async def test_a_certificate_may_be_replaced_at_any_time(
        double: GraphDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D5: the file is read when it is used, so nobody has to restart anything."""
    monkeypatch.setattr(graph_token, "_PAUSE_SECONDS", 0.0)
    double.certificate = certificate_of(2)
    token = token_for(double, Certificate(write(tmp_path, "pem", 1)))
    with pytest.raises(LoginRefused):
        await token.get()
    write(tmp_path, "pem", 2)
    assert await token.get()


async def test_a_workload_shows_the_token_of_its_platform(double: GraphDouble, tmp_path: Path) -> None:
    """It is read for every log-in: the platform replaces it (D5)."""
    path = tmp_path / "token"
    token = token_for(double, Federated(path))
    for number in range(2):
        double.workload_token = f"projected-{number}"
        path.write_text(f"{double.workload_token}\n")
        await (token.refused(await token.get()) if number else token.get())
    assert [one["client_assertion"] for one in double.logins] == ["projected-0", "projected-1"]


@pytest.mark.parametrize("app_id", ["", APP_ID])
async def test_a_machine_has_an_identity(machine: GraphDouble, app_id: str) -> None:
    token = token_for(machine, ManagedIdentity(), app_id)
    assert await token.roles() == frozenset(ALL_ROLES)
    login, = machine.logins
    assert (login["resource"], login.get("client_id", "")) == (machine.url, app_id)


async def test_of_many_at_once_one_logs_in(double: GraphDouble, token: AppToken) -> None:
    """Its cache is everybody's; msal itself would log in for each. And it waits on a thread of its own (F15): the
    double answers on this very loop."""
    found = await asyncio.gather(*[token.get() for _ in range(50)])
    assert len(set(found)) == 1
    assert len(double.logins) == 1


async def test_an_old_token_is_renewed_while_the_good_one_is_used(double: GraphDouble, token: AppToken) -> None:
    double.token_seconds = 0
    first = await token.get()
    double.token_seconds = 3600
    second = await token.get()
    assert first != second
    held = token._held
    assert held is not None
    token._held = type(held)(held.value, 0.0, held.ends, held.claims)     # time to renew, and still good
    assert await token.get() == second
    assert token._renewing is not None
    await token._renewing
    assert await token.get() != second


async def test_a_renewal_that_fails_costs_nobody_the_good_one(double: GraphDouble, token: AppToken) -> None:
    first = await token.get()
    double.secret = "replaced"
    assert token._held is not None
    token._held = type(token._held)(first, 0.0, token._held.ends, None)
    assert await token.get() == first
    assert token._renewing is not None
    await asyncio.wait([token._renewing])
    assert await token.get() == first
    assert len(double.logins) == 2


async def test_a_refusal_is_told_and_not_asked_again_at_once(double: GraphDouble) -> None:
    """The error's name and number, nothing of the secret (D3); for a while nobody asks."""
    token = token_for(double, ClientSecret(Secret("hemmelig men gal")))
    for _ in range(3):
        with pytest.raises(LoginRefused) as refused:
            await token.get()
        assert str(refused.value) == "invalid_client AADSTS7000215"
    assert len(double.logins) == 1


@pytest.mark.parametrize("answer", [
    (500, {}), (200, {"token_type": "Bearer"}), (200, {"access_token": "a\nb", "expires_in": 3600}),
    (200, []), (302, {})])
async def test_what_is_no_token_is_none(double: GraphDouble, token: AppToken, answer: tuple[int, object]) -> None:
    double.login_answers = [answer] * 3
    with pytest.raises(LoginRefused):
        await token.get()


async def test_a_document_that_names_another_host_gets_no_secret(double: GraphDouble, token: AppToken) -> None:
    """C3."""
    double.token_endpoint = "https://login.example.com/tenant/oauth2/v2.0/token"
    with pytest.raises(LoginRefused, match=r"another host, login\.example\.com$"):
        await token.get()
    assert double.logins == []


async def test_a_login_service_that_is_away(double: GraphDouble, token: AppToken) -> None:
    await double.server.close()
    with pytest.raises(LoginRefused):
        await token.get()


def test_msal_is_loaded_when_it_is_first_needed() -> None:
    code = "import sys, bot.directory.entra, bot.directory.graph_token; sys.exit('msal' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False, timeout=60)
    assert done.returncode == 0
