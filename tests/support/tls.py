"""A certificate of our own for servers on 127.0.0.1, and a proxy in front of one that ends TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.tcp import listening


@dataclass(frozen=True)
class Certificate:
    """For a server, for a client that trusts nothing else, and the file to name as its authority."""

    server: ssl.SSLContext
    trusting: ssl.SSLContext
    path: Path


def make_certificate(folder: Path, *names: str, days: int = 1) -> Certificate:
    """`names`: hosts it is for as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)     # The real clock is what TLS looks at.
    address = x509.SubjectAlternativeName(
        [x509.IPAddress(ip_address("127.0.0.1")), *(x509.DNSName(one) for one in names)])
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    path = folder / "server.pem"
    path.write_bytes(
        cert.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return Certificate(server, ssl.create_default_context(cafile=str(path)), path)


@asynccontextmanager
async def tls_in_front(certificate: Certificate, port: int, of: int) -> AsyncIterator[None]:
    """Whoever speaks TLS to `port` on 127.0.0.1 speaks to `of` there."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()      # The other way may still have something to say.

    async def both_ways(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", of)
        try:
            await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))
            with suppress(OSError):
                await writer.wait_closed()      # Until the last of it is sent.
        finally:
            inner_writer.transport.abort()

    async with listening(both_ways, certificate.server, port):
        yield
