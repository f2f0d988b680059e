"""nginx with the configuration of the repository, on ports of this machine."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.browser.lab import free_port, listens
from tests.imports import ROOT

CONFIGURATION = ROOT / "dashboard" / "deployment" / "nginx.conf"
BASE_PATH = "inverse-lab"
AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def certify(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 and its key to a folder, and return their paths."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab.example.org")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return paths


def rendered(folder: Path, ports: Sequence[int], secure: int, plain: int) -> str:
    """Return the configuration for two servers, listening on these ports of this machine alone."""
    certificate, key = certify(folder)
    text = CONFIGURATION.read_text("utf-8")
    for written, put in (
        ("server 127.0.0.1:8501;", f"server 127.0.0.1:{ports[0]};"),
        ("server 127.0.0.1:8502;", f"server 127.0.0.1:{ports[1]};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("/etc/ssl/certs/lab.example.org.pem", str(certificate)),
        ("/etc/ssl/private/lab.example.org.key", str(key)),
    ):
        assert text.count(written) == 1, written
        text = text.replace(written, put)
    return text


def command(folder: Path, ports: Sequence[int], secure: int, plain: int, *options: str) -> list[str]:
    """Write all that nginx needs to a folder, and return the command that starts it there."""
    (folder / "site.conf").write_text(rendered(folder, ports, secure, plain), "utf-8")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), *options]


@contextmanager
def in_front_of(ports: Sequence[int], folder: Path) -> Iterator[tuple[str, str]]:
    """Serve two servers of this machine through nginx; yield the address of the pages, and that without TLS."""
    secure, plain = free_port(), free_port()
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command(folder, ports, secure, plain), stdout=log, stderr=log)
    try:
        while not listens(secure):
            assert process.poll() is None, (folder / "nginx.log").read_text()
            time.sleep(0.01)  # the pause between two looks
        yield f"https://127.0.0.1:{secure}/{BASE_PATH}", f"http://127.0.0.1:{plain}/{BASE_PATH}"
    finally:
        process.terminate()
        process.wait(20)
