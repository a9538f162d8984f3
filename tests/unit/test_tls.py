"""Whom both transports believe, and that nothing around the process can change that or learn a password."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import urlsplit

import httpx
import pytest

from connector.certificates import judging_alike, of_this_host
from connector.errors import NotConnected, RemoteError
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.jesignexpert.transport import DeadlineTransport
from connector.notify.hooks import fetch
from connector.ports import Href, TransactionId
from connector.webdav import WebDavFolder
from tests.fakes.dav_server import entry, multistatus
from tests.unit.test_webdav_reaching import certificates

STATUS = b'{"id": "t-1", "status": "draft"}'


class _Both(BaseHTTPRequestHandler):
    """Answers as an empty DMS and as a platform; keeps who said what of themselves."""

    protocol_version = "HTTP/1.1"
    heard: ClassVar[list[str]] = []

    def do_PROPFIND(self) -> None:  # the library's name
        self._answer(207, multistatus(entry("/", folder=True)))

    def do_GET(self) -> None:  # the library's name
        self._answer(200, STATUS)

    def _answer(self, status: int, body: bytes) -> None:
        self.heard.append(str(self.headers.get("Authorization")))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


class _Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Whoever hangs up in the handshake is what these tests are about."""


@contextmanager
def served(context: ssl.SSLContext) -> Iterator[str]:
    server = _Quiet(("127.0.0.1", 0), _Both)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    _Both.heard.clear()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dms(url: str, ca_file: Path | None, _home: Path) -> None:
    with WebDavFolder("dms", url, "u", "p", ca_file=ca_file) as folder:
        assert folder.stat(Href("/")).is_folder


def platform(url: str, ca_file: Path | None, home: Path) -> None:
    store = TokenStore(home / "tokens")
    store.save("lyon", Tokens(office="OFFICE-TOKEN", office_name="Cabinet", user="USER-TOKEN"))
    service = HttpSigningService(
        "lyon", base_url=url, shortcut="abc", secret="HMAC-SECRET", tokens=store, now=lambda: datetime.now(UTC),
        ca_file=ca_file,
    )  # fmt: skip
    try:
        service.status(TransactionId("t-1"))
    finally:
        service.close()


Ask = Callable[[str, Path | None, Path], None]
BOTH = pytest.mark.parametrize("ask", [dms, platform])


@BOTH
def test_the_authority_that_is_named_is_believed(ask: Ask, tmp_path: Path) -> None:
    ca_file, context = certificates(tmp_path)
    with served(context) as url:
        ask(url, ca_file, tmp_path)
        assert len(_Both.heard) == 1


@BOTH
def test_an_authority_that_stands_below_another_is_believed_if_it_is_named(ask: Ask, tmp_path: Path) -> None:
    """Some firms are given the one in between alone. Python believes it since 3.13; here whichever it is."""
    ca_file, context = certificates(tmp_path, above="Groupe CA")
    with served(context) as url:
        ask(url, ca_file, tmp_path)
        assert len(_Both.heard) == 1


def test_how_a_certificate_is_made_up_says_nothing_of_whom_to_believe(tmp_path: Path) -> None:
    """Python refuses since 3.13 what bears no key identifiers: it would lose the firm's server with the next Debian."""
    ca_file, context = certificates(tmp_path)
    strict = ssl.create_default_context(cafile=str(ca_file))
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    with served(context) as url:
        port = urlsplit(url).port

        def spoken(client: ssl.SSLContext) -> bool:
            with socket.create_connection(("127.0.0.1", port)) as plain:
                try:
                    client.wrap_socket(plain, server_hostname="127.0.0.1").close()
                except ssl.SSLCertVerificationError:
                    return False
            return True

        assert not spoken(strict)
        assert spoken(judging_alike(strict))


@BOTH
@pytest.mark.parametrize("kept_in", ["a directory", "a file", "both", "both, unrelated", "a fuller file"])
def test_the_authorities_of_this_host_are_believed_where_none_is_named(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_in: str
) -> None:
    """A firm adds its own to the hosts (update-ca-certificates), and a system's updates renew the public ones: a
    library's bundle knows of neither."""
    ca_file, context = certificates(tmp_path)
    store = tmp_path / "store"
    store.mkdir()
    asked = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(ca_file)]
    hashed = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    if kept_in in {"a directory", "both"}:
        (store / f"{hashed}.0").write_bytes(ca_file.read_bytes())
    file = tmp_path / "none.pem" if kept_in == "a directory" else ca_file
    if kept_in == "both":
        file = tmp_path / "cert.pem"
        file.symlink_to(store / "ca-certificates.crt")
        (store / "ca-certificates.crt").write_bytes(ca_file.read_bytes())
    if kept_in == "both, unrelated":
        (store / "01234567.0").write_bytes(ca_file.read_bytes())
    if kept_in == "a fuller file":
        # Somebody has added one to the file by hand; each of the others has two names in the directory.
        other = tmp_path / "other.pem"
        other.write_bytes(ca_file.read_bytes())
        (store / "01234567.0").symlink_to(other)
        (store / "89abcdef.0").symlink_to(other)
        (store / "76543210.0").symlink_to(tmp_path / "gone.pem")
        file = store / "ca-certificates.crt"
        file.write_bytes(2 * ca_file.read_bytes())
    usual = ssl.get_default_verify_paths()
    told = usual._replace(openssl_cafile=str(file), openssl_capath=str(store))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: told)
    with served(context) as url:
        ask(url, None, tmp_path)
        assert len(_Both.heard) == 1
    assert of_this_host() == (store if kept_in in {"a directory", "both"} else file)
    for one in store.iterdir():
        one.unlink()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: told._replace(openssl_cafile=""))
    assert of_this_host() is None, "an empty directory: the library's own bundle is better than nobody"
    empty = tmp_path / "empty.pem"
    empty.touch()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: told._replace(openssl_cafile=str(empty)))
    assert of_this_host() is None, "and so an empty file"


def test_what_a_host_comes_to_believe_meanwhile_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of both places is the fuller one is asked once, and anew when either has changed."""
    content = certificates(tmp_path)[0].read_bytes()
    store = tmp_path / "store"
    store.mkdir()
    bundle = store / "ca-certificates.crt"
    bundle.write_bytes(content)
    (store / "01234567.0").write_bytes(content)
    told = ssl.get_default_verify_paths()._replace(openssl_cafile=str(bundle), openssl_capath=str(store))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: told)
    assert of_this_host() == store
    with bundle.open("ab") as stream:  # by hand: no directory tells of it
        stream.write(content)
    assert of_this_host() == bundle
    (store / "89abcdef.0").write_bytes(content)
    assert of_this_host() == store


def test_a_hook_believes_the_authorities_of_this_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As everything else that speaks TLS: what the environment names has no say."""
    ca_file, context = certificates(tmp_path)
    told = ssl.get_default_verify_paths()._replace(openssl_cafile=str(ca_file))
    with served(context) as url:
        with pytest.raises(NotConnected, match="authority"):
            fetch(url, service="hook")
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: told)
        assert fetch(url, service="hook")


def test_an_authority_that_is_renewed_on_disk_counts_at_once(tmp_path: Path) -> None:
    """Its file is replaced while the service runs: the next connection of the same client believes the new one alone.

    A file that is just being written changes nothing.
    """
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    (old, old_context), (new, new_context) = (certificates(tmp_path / name) for name in ("before", "after"))
    named = tmp_path / "named.pem"
    named.write_bytes(old.read_bytes())
    new_context.set_alpn_protocols(["http/1.1"])
    spoken: list[str | None] = []
    with (
        served(old_context) as before,
        served(new_context) as after,
        closing(DeadlineTransport(ca_file=named)) as transport,
    ):

        def believed(url: str) -> bool:
            try:
                answered = transport.handle_request(httpx.Request("GET", url))
            except httpx.ConnectError:
                return False
            stream = answered.extensions["network_stream"]
            spoken.append(stream.get_extra_info("ssl_object").selected_alpn_protocol())
            answered.close()
            return True

        assert (believed(before), believed(after)) == (True, False)
        named.write_bytes(new.read_bytes()[:200])
        assert believed(before)
        named.write_bytes(new.read_bytes())
        assert (believed(before), believed(after)) == (False, True)
        named.unlink()
        assert believed(after)
    assert spoken == [None, None, "http/1.1", "http/1.1"], "what is spoken is agreed as before"


@BOTH
@pytest.mark.parametrize(
    ("days", "host", "named", "told"),
    [
        (10, "127.0.0.1", "none", "authority that is not known here: name that with ca_file"),
        (10, "127.0.0.1", "another", "authority that is not known here: name that with ca_file"),
        (-1, "127.0.0.1", "its own", "has expired"),
        (10, "127.0.0.2", "its own", "is for another address"),
    ],
    ids=["no authority", "another authority", "expired", "another host"],
)
def test_whoever_cannot_be_believed_hears_nothing(
    ask: Ask, tmp_path: Path, days: int, host: str, named: str, told: str
) -> None:
    """Not even a header; and the reason is one that somebody can act on."""
    ca_file, context = certificates(tmp_path, days=days, host=host)
    (tmp_path / "else").mkdir()
    files = {"none": None, "its own": ca_file, "another": certificates(tmp_path / "else")[0]}
    with served(context) as url:
        with pytest.raises(RemoteError, match=told):
            ask(url, files[named], tmp_path)
        assert _Both.heard == []


@BOTH
def test_the_environment_names_no_authority(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``SSL_CERT_FILE`` and its kind make nobody believed who is not believed by the settings."""
    ca_file, context = certificates(tmp_path)
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(ca_file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with served(context) as url:
        with pytest.raises(RemoteError, match="authority that is not known here"):
            ask(url, None, tmp_path)
        assert _Both.heard == []


@BOTH
def test_the_environment_names_no_proxy_and_no_login(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy there is not asked; a ``.netrc`` neither replaces a login nor adds one."""
    ca_file, context = certificates(tmp_path)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for name in (variable, variable.lower()):
            monkeypatch.setenv(name, "http://127.0.0.1:9/")
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with served(context) as url:
        ask(url, ca_file, tmp_path)
        assert _Both.heard == ["Basic dTpw" if ask is dms else "None"]
