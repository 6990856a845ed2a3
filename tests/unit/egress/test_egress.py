"""The engine connects to the public Internet alone, however a private address is written."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.egress.addresses import is_public
from infra.egress.client import Egress, EgressFailedError
from infra.egress.destination import Destination, EgressRefusedError, destination
from infra.egress.transport import MAX_BYTES

PRIVATE = """
127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0
100.64.0.1 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1
168.63.129.16 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::808:808 100::1 2001::1 2001:2::1 2001:10::1
2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 2002:c0a8:101:: 3fff::1 3ffe::zz
2001:0:7f00:1::8080:8080 2001:0:808:808:0:0:80ff:fffe
fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1 1::1
localhost 127.1 0177.0.0.1 2130706433 0x7f000001
""".split()  # noqa: SIM905 - a table is read by lines
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.215.14 ::ffff:8.8.8.8 64:ff9b::808:808 2606:4700:4700::1111
2002:808:808:: 2a00:1450:4001:82a::200e
""".split()  # noqa: SIM905 - a table is read by lines
REFUSED = [
    "http://127.1/", "https://127.1/", "https://2130706433/", "https://0177.0.0.1/",
    "https://0x7f.0.0.1/", "https://0x7f000001/", "https://127.0.0.1./", "https://1.2.3/",
    "https://127。0。0。1/", "https://①②⑦.0.0.1/", "https://example.com@127.0.0.1/",
    "https://user:pass@example.com/", "https://@example.com/", "https://example.com#@127.0.0.1/",
    "https://example.com\\@127.0.0.1/", "https://exam ple.com/", "https://example.com\t/",
    "https://example.com\r\nX: y/", "https:///etc/passwd", "https://", "file:///etc/passwd",
    "gopher://127.0.0.1/", "ftp://example.com/", "//example.com/", "example.com", "",
    "https://example..com/", "https://-example.com/", "https://example.com:99999/",
    "https://[::1/", "https://[fe80::1%25eth0]/", "https://ex%61mple.com/", "https://_x.com/",
    "https://" + "a" * 64 + ".com/", "https://example.com/" + "a" * 2048,
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_seen_through(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", REFUSED)
def test_an_odd_spelling_is_refused_before_anybody_is_asked(url: str) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(f"{host}:{port}")
        return ["127.0.0.1"]

    with pytest.raises(EgressRefusedError):
        Egress(resolver=resolver).get(url)
    assert asked == []


def test_a_usual_url_is_read() -> None:
    assert destination("https://Example.com/a?b=c") == Destination("https", "example.com", 443)
    assert destination("http://[::1]:8000/").origin == "http://[::1]:8000"
    assert destination("https://example.com:443/").origin == "https://example.com"


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("https://example.com/", ["127.0.0.1"]),
        ("https://example.com/", ["8.8.8.8", "10.0.0.1"]),
        ("https://example.com/", []),
        ("https://169.254.169.254/", ["169.254.169.254"]),
        ("http://example.com/", ["8.8.8.8"]),
        ("https://example.com:8443/", ["8.8.8.8"]),
        ("https://example.com:25/", ["8.8.8.8"]),
    ],
)
def test_what_is_not_public_is_not_connected_to(url: str, addresses: list[str]) -> None:
    with pytest.raises(EgressRefusedError):
        Egress(resolver=lambda _, __: addresses).get(url)


class Answers(BaseHTTPRequestHandler):
    """What a bad server may do, by path."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["host"]))  # type: ignore[attr-defined]
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
            self.end_headers()
            return
        if self.path == "/drip":
            try:
                for _ in range(100):
                    self.wfile.write(b"H")
                    time.sleep(0.05)
            except OSError:
                return
        self.send_response(500 if self.path == "/broken" else 200)
        if self.path == "/gzip":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(b"x" * (MAX_BYTES + 1) if self.path == "/long" else b"good")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.seen = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def egress(server: ThreadingHTTPServer, *, timeout_s: float = 10) -> tuple[Egress, str, list[str]]:
    """Return a client that may ask this server, under a name that changes its address."""
    origin, asked = f"http://idp.example:{server.server_port}", list[str]()

    def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    return Egress(allow=frozenset({origin}), resolver=rebinding, timeout_s=timeout_s), origin, asked


def test_a_listed_origin_is_asked_at_the_address_that_was_looked_up(
    server: ThreadingHTTPServer,
) -> None:
    client, origin, asked = egress(server)
    assert client.get(f"{origin}/good") == b"good"
    assert asked == ["idp.example"]
    assert server.seen == [("/good", origin.removeprefix("http://"))]  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/redirect", "/long", "/gzip"])
def test_an_answer_that_leads_on_or_has_no_end_is_refused(
    server: ThreadingHTTPServer, path: str
) -> None:
    client, origin, _ = egress(server)
    with pytest.raises(EgressRefusedError):
        client.get(origin + path)


def test_one_deadline_holds_for_an_answer_that_drips(server: ThreadingHTTPServer) -> None:
    client, origin, _ = egress(server, timeout_s=0.3)
    with pytest.raises(EgressFailedError, match="Timeout"):
        client.get(f"{origin}/drip")


def test_a_server_that_fails_is_a_failure(server: ThreadingHTTPServer) -> None:
    client, origin, _ = egress(server)
    with pytest.raises(EgressFailedError, match="500"):
        client.get(f"{origin}/broken")
