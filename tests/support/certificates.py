"""A private certificate authority, and a TLS front with a certificate of it before any local server."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_YEAR = dt.timedelta(days=365)


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """The CA's certificate, and a file with key and certificate for 127.0.0.1."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Private CA")])
    authority = _begun(ca_name, ca_name, ca_key.public_key())
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    leaf = _begun(name, ca_name, key.public_key())
    leaf = leaf.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
    )
    bundle, server = folder / "ca.pem", folder / "server.pem"
    pem = serialization.Encoding.PEM
    bundle.write_bytes(authority.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    own = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server.write_bytes(own + leaf.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    return bundle, server


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _YEAR).not_valid_after(now + _YEAR)


class TlsFront:
    """Takes TLS connections and hands what they say to a local port."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._target = port
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with (
            suppress(OSError),
            plain,
            self._context.wrap_socket(plain, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self._target)) as server,
        ):
            # One request a connection is enough here: read it whole, then hand the answer back.
            client.settimeout(5)
            server.sendall(client.recv(65536))
            server.settimeout(1)
            with suppress(TimeoutError):
                while data := server.recv(65536):
                    client.sendall(data)

    def close(self) -> None:
        """Take no more connections."""
        self._socket.close()
