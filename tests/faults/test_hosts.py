"""`HOST` in every form a loopback address has: it listens there, prints what works, and answers to it (P6)."""

import socket
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.faults.served import environment, serving
from tests.support.chat import Chat
from tests.support.needs import missing
from tests.support.tcp import free_port


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("host", "printed"), [
    ("::1", "[::1]"), ("[::1]", "[::1]"), ("0:0:0:0:0:0:0:1", "[::1]"), ("localhost", "localhost"),
    ("127.0.0.1", "127.0.0.1")])
async def test_a_loopback_host(redis_url: str, tmp_path: Path, host: str, printed: str) -> None:
    if ":" in host:
        _need_ipv6()
    port = free_port()
    env = environment(tmp_path, REDIS_URL=redis_url, HOST=host)
    async with serving(env, port) as served, Chat(served.base_url, headers={"Origin": served.base_url}) as chat:
        assert served.base_url == f"http://{printed}:{port}"
        assert (await chat.hear()).text.startswith("Hei!")
        url = f"{served.base_url}/v3/directline/conversations/{chat.conversation}"
        async with chat.session.get(url, headers={"Authorization": f"Bearer {chat.token}"}) as answer:
            stream = (await answer.json())["streamUrl"]
        assert stream.startswith(f"ws://{printed}:{port}/")
        async with chat.session.ws_connect(stream) as listening:
            assert (await listening.receive_json(timeout=20))["activities"]
        async with ClientSession() as stranger, stranger.get(
                f"{served.base_url}/", headers={"Host": "[::2]"}) as answer:
            assert answer.status == 421


def _need_ipv6() -> None:
    with socket.socket(socket.AF_INET6) as plug:
        try:
            plug.bind(("::1", 0))
        except OSError:
            missing("this machine has no IPv6")
