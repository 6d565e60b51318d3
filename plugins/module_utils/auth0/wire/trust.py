# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate authorities are trusted: those that were named, the environment's, or the system's."""

from __future__ import annotations

import os
import ssl
import stat

from .errors import ConfigurationError

# As requests, curl and OpenSSL have them.
_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
# Where systems keep their store, for a Python that was built to look elsewhere: Debian, Alpine and Arch; Fedora and RHEL;
# SUSE; macOS, the BSDs and some of the others.
_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def tls_context(validate: bool, ca_path: str | None) -> ssl.SSLContext:
    """What every connection to the tenant, and to a proxy by TLS, is made with.

    :param validate: whether certificates are verified at all
    :param ca_path: a file of PEM certificates, the only ones to trust
    :raises ConfigurationError: what is to be trusted cannot be read
    """
    if not validate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if ca_path:
        return _trusting(ca_path, "ca_path", folders=False)
    for name in _VARIABLES:
        path = os.environ.get(name)
        if path:
            return _trusting(path, "%s in the environment" % name, folders=True)
    return _trusting_the_system()


def _trusting(path: str, named: str, folders: bool) -> ssl.SSLContext:
    try:
        mode = os.stat(path).st_mode
        # Looked at before it is opened: a FIFO would never end, a device may not.
        if stat.S_ISREG(mode):
            return ssl.create_default_context(cafile=path)
        if folders and stat.S_ISDIR(mode):
            return ssl.create_default_context(capath=path)
    except (OSError, ValueError):
        pass
    raise ConfigurationError("%s %r is not a file of PEM certificates" % (named, path))


def _trusting_the_system() -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if context.cert_store_stats()["x509_ca"] or _has_entries(paths.capath):
        return context
    for path in _SYSTEM:
        if os.path.isfile(path):
            context.load_verify_locations(cafile=path)
            return context
    try:
        import certifi
    except ImportError:
        # Every certificate will be refused, and the hint of that error names ca_path.
        return context
    context.load_verify_locations(cafile=certifi.where())
    return context


def _has_entries(folder: str | None) -> bool:
    # OpenSSL reads a folder when it needs a certificate, so it does not count in the store.
    return folder is not None and os.path.isdir(folder) and bool(os.listdir(folder))
