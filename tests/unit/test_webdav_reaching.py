"""How a server is reached: certificates, IPv6, names that nobody knows (scenario C14)."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.errors import NotConnected
from connector.ports import Href
from connector.webdav import WebDavFolder
from tests.fakes.dav_server import entry, multistatus

ROOT = Href("/")
NOW = dt.datetime.now(dt.UTC)


class _Dav(BaseHTTPRequestHandler):
    """Answers each PROPFIND with an empty root."""

    protocol_version = "HTTP/1.1"
    reached = 0

    def do_PROPFIND(self) -> None:  # the library's name
        type(self).reached += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = multistatus(entry("/", folder=True))
        self.send_response(207)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


class _Server(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the handshake is what these tests are about."""


class _Server6(_Server):
    address_family = socket.AF_INET6


@contextmanager
def served(context: ssl.SSLContext | None = None, kind: type[_Server] = _Server) -> Iterator[int]:
    """Serve on loopback; gives the port."""
    server = kind(("::1" if kind is _Server6 else "127.0.0.1", 0), _Dav)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    _Dav.reached = 0
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificates(
    home: Path, *, days: int = 10, host: str = "127.0.0.1", above: str = "Cabinet CA"
) -> tuple[Path, ssl.SSLContext]:
    """Make an authority of one's own and a certificate by it; returns its file, and what a server needs.

    ``days``: until the end of the certificate, below 0 when it is over. ``above``: by whom the authority's own is.
    As a hand makes them: neither has a key identifier (RFC 5280 section 4.2.1.1 would have them).
    """
    top, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    highest = top if above == "Cabinet CA" else ec.generate_private_key(ec.SECP256R1())
    begun = NOW - dt.timedelta(days=30)

    def built(
        subject: str, public: ec.EllipticCurvePublicKey, end: dt.datetime, by: str
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(serial_number=x509.random_serial_number())
        builder = builder.subject_name(_name(subject)).issuer_name(_name(by))
        return builder.public_key(public).not_valid_before(begun).not_valid_after(end)

    ca = built("Cabinet CA", top.public_key(), NOW + dt.timedelta(days=30), above)
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    leaf = built(host, key.public_key(), NOW + dt.timedelta(days=days), "Cabinet CA")
    address = x509.IPAddress(ipaddress.ip_address(host))
    leaf = leaf.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    pem = serialization.Encoding.PEM
    ca_file, own = home / "ca.pem", home / "own.pem"
    ca_file.write_bytes(ca.sign(highest, hashes.SHA256()).public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    own.write_bytes(private + leaf.sign(top, hashes.SHA256()).public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return ca_file, context


def test_a_private_authority_is_believed_only_where_it_is_named(tmp_path: Path) -> None:
    """C14: with its file the server is reached; without, nothing is sent, least of all a password."""
    ca_file, context = certificates(tmp_path)
    with served(context) as port:
        with WebDavFolder("dms", f"https://127.0.0.1:{port}/", "u", "p", ca_file=ca_file) as folder:
            assert folder.stat(ROOT).is_folder
        with WebDavFolder("dms", f"https://127.0.0.1:{port}/", "u", "p") as folder:
            with pytest.raises(NotConnected):
                folder.stat(ROOT)
            with pytest.raises(NotConnected):
                folder.create(Href("/a"), b"x")
        assert _Dav.reached == 1


@pytest.mark.parametrize(("days", "host"), [(-1, "127.0.0.1"), (10, "127.0.0.2")], ids=["expired", "other"])
def test_a_certificate_that_is_over_or_anothers(tmp_path: Path, days: int, host: str) -> None:
    """C14: it is not talked to, though its authority is known."""
    ca_file, context = certificates(tmp_path, days=days, host=host)
    with served(context) as port:
        url = f"https://127.0.0.1:{port}/"
        with WebDavFolder("dms", url, "u", "p", ca_file=ca_file) as folder, pytest.raises(NotConnected):
            folder.stat(ROOT)
        assert _Dav.reached == 0


def test_a_server_on_ipv6() -> None:
    """C14: an address in brackets is an address."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    try:
        with served(kind=_Server6) as port, WebDavFolder("dms", f"http://[::1]:{port}/", "u", "p") as folder:
            assert folder.stat(ROOT).is_folder
            assert folder.list(ROOT).entries == ()
    except OSError as error:
        pytest.skip(f"no IPv6 on loopback: {error.strerror}")


def test_a_name_that_nobody_knows() -> None:
    """C14: a name that is not found is no connection: a write certainly had no effect."""
    with WebDavFolder("dms", "http://dms.invalid/", "u", "p") as folder:
        with pytest.raises(NotConnected):
            folder.stat(ROOT)
        with pytest.raises(NotConnected):
            folder.create(Href("/a"), b"x")
