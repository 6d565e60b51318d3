# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate authorities are trusted, and what is refused before anything is sent."""

from __future__ import annotations

import os
import ssl
import time
from pathlib import Path

import certifi
import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire import trust
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.trust import tls_context

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def one_certificate(folder):
    """A file with one certificate."""
    first, end, _others = Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----")
    path = folder / "one.pem"
    path.write_text(first + end + "\n", "utf-8")
    return str(path)


def no_bundle(folder, kind):
    """A path that is no file of certificates, for ever if it is opened."""
    path = folder / kind
    if kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a device":
        return "/dev/zero"
    elif kind == "a text":
        path.write_text("no certificate")
    elif kind == "bytes":
        path.write_bytes(b"\xff\x00")
    elif kind == "an empty file":
        path.touch()
    elif kind == "a link to a FIFO":
        os.mkfifo(folder / "fifo")
        path.symlink_to(folder / "fifo")
    elif kind == "a NUL":
        return "a\x00b"
    return str(path)


KINDS = ("nothing", "a FIFO", "a device", "a text", "bytes", "an empty file", "a link to a FIFO")


@pytest.mark.parametrize("kind", [*KINDS, "a NUL"])
def test_ca_path_that_is_no_bundle_is_told_and_never_opened_for_ever(kind, tmp_path):
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match="^ca_path .* is not a file of PEM certificates"):
        Connection.from_options(auth0_domain="tenant.example.com", ca_path=no_bundle(tmp_path, kind))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_variable_that_names_no_bundle_is_named(environment, name, kind, tmp_path):
    environment.setenv(name, no_bundle(tmp_path, kind))
    with pytest.raises(ConfigurationError, match="^%s in the environment .* is not a file of PEM" % name):
        Connection.from_options(auth0_domain="tenant.example.com")


def test_a_folder_is_for_the_environment_only(environment, tmp_path):
    with pytest.raises(ConfigurationError, match="ca_path"):
        tls_context(True, str(tmp_path))
    environment.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert tls_context(True, None).cert_store_stats()["x509_ca"] == 0


def test_ca_path_is_all_that_is_trusted(environment, tmp_path):
    environment.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    assert tls_context(True, one_certificate(tmp_path)).cert_store_stats()["x509_ca"] == 1


def test_without_verification_nothing_is_read(environment):
    environment.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    context = tls_context(False, "/no/such/file")
    assert context.verify_mode is ssl.CERT_NONE and not context.check_hostname


class Paths:
    cafile = capath = None


def test_the_system_is_trusted_and_certifi_only_where_it_has_no_store(monkeypatch, tmp_path):
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_arguments: None)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: Paths)
    monkeypatch.setattr(trust, "_SYSTEM", (str(tmp_path / "none.pem"), one_certificate(tmp_path)))
    assert tls_context(True, None).cert_store_stats()["x509_ca"] == 1
    monkeypatch.setattr(trust, "_SYSTEM", ())
    assert tls_context(True, None).cert_store_stats()["x509_ca"] > 50
    monkeypatch.setattr(Paths, "capath", str(tmp_path))
    assert tls_context(True, None).cert_store_stats()["x509_ca"] == 0
