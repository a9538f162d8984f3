"""The simulator's test authority: a root, and one certificate for each person in their own name."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

_ORGANISATION = "SIMULATEUR - sans valeur juridique - non affilie a ECMA"
# Wide enough for any clock that a test pushes forward.
_NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(2119, 12, 31, tzinfo=UTC)


class Authority:
    """A root certificate and its persons, kept as PEM files under ``directory`` (created when missing).

    EC P-256 throughout, so that a person costs about a millisecond. Thread-safe; many worlds may share one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.RLock()
        self._signers: dict[tuple[str, str], Any] = {}
        (directory / "personnes").mkdir(parents=True, exist_ok=True)
        root = directory / "autorite.pem"
        if not root.exists():
            root.write_bytes(_make_root())
        self._root_key, self._root = _read_pair(root.read_bytes())

    @property
    def root_pem(self) -> bytes:
        """Return the root certificate as PEM: the trust anchor for whoever verifies."""
        return self._root.public_bytes(serialization.Encoding.PEM)

    def signer(self, name: str, email: str) -> Any:
        """Return a pyHanko ``SimpleSigner`` for that person; the same certificate at each call and restart."""
        with self._lock:
            known = self._signers.get((name, email))
            if known is None:
                known = self._signers[name, email] = self._load(name, email)
            return known

    def _load(self, name: str, email: str) -> Any:
        digest = hashlib.sha256(f"{name}\n{email}".encode()).hexdigest()[:24]
        file = self._directory / "personnes" / f"{digest}.pem"
        if not file.exists():
            file.write_bytes(self._make_person(name, email))
        pem = file.read_bytes()
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple(load_certs_from_pemder_data(self.root_pem))
        return SimpleSigner(
            signing_cert=next(iter(load_certs_from_pemder_data(pem))),
            signing_key=load_private_key_from_pemder_data(
                pem[: pem.index(b"-----BEGIN CERT")], passphrase=None
            ),
            cert_registry=registry,
        )

    def _make_person(self, name: str, email: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        # X.520 gives a common name 64 octets.
        common = name.encode()[:64].decode("utf-8", "ignore")
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, common),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
                x509.NameAttribute(NameOID.EMAIL_ADDRESS, email.encode("ascii", "replace").decode()[:255]),
            ]
        )
        builder = _builder(subject, self._root.subject, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        # A check of signatures refuses certificates without non-repudiation (content_commitment).
        builder = builder.add_extension(_usage(sign=True), critical=True)
        return _pem(key, builder.sign(self._root_key, hashes.SHA256()))


def _make_root() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Autorite de test du simulateur"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
        ]
    )
    builder = _builder(name, name, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(sign=False), critical=True)
    return _pem(key, builder.sign(key, hashes.SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=sign,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not sign,
        crl_sign=not sign,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _read_pair(pem: bytes) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the simulator's authority must hold an EC key")
    return key, x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERT") :])
