# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where credentials come from and reports go to."""

from __future__ import annotations

import functools
import json
import os
from typing import IO, Any, Mapping

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from settings import Credentials, read_credentials

SECRET_MAX_AGE = 300

# Refusals that a retry cannot change. It can help after throttling and outages.
_LASTING_REFUSALS = {
    "AccessDenied",
    "AccessDeniedException",
    "DecryptionFailure",
    "InvalidParameterException",
    "InvalidRequestException",
    "NoSuchBucket",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
    "ValidationException",
}

# users.jsonl.gz is a gzip file, not text with gzip as its encoding, which browsers would unpack.
_CONTENT_TYPES = {
    ".gz": "application/gzip",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


def fetch_credentials(secret: str, fresh: bool = False) -> Credentials:
    """The tenant's credentials from Secrets Manager, kept for five minutes.

    :param secret: name or ARN
    :param fresh: do not use the cache, because the secret may have been rotated
    :raises ConfigurationError: the secret cannot be read, or is not of the right form
    """
    from aws_lambda_powertools.utilities import parameters
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, TransformParameterError

    try:
        value = parameters.get_secret(secret, transform="json", max_age=SECRET_MAX_AGE, force_fetch=fresh)
    except TransformParameterError:
        # The error's own text may quote the value.
        raise ConfigurationError("The secret %s is not JSON" % secret) from None
    except GetParameterError as error:
        # Powertools raises this one class for every error of AWS. The cause is its context.
        if _aws_code(error.__context__) not in _LASTING_REFUSALS:
            raise
        raise ConfigurationError(
            "The secret %s cannot be read from Secrets Manager: %s" % (secret, error),
            hint="Check AUDIT_SECRET and that the function's role may call secretsmanager:GetSecretValue on it.",
        ) from None
    return read_credentials(secret, value)


def _aws_code(error: BaseException | None) -> str | None:
    code: str | None = getattr(error, "response", {}).get("Error", {}).get("Code")
    return code


@functools.cache
def _s3() -> Any:
    import boto3

    return boto3.client("s3")


class ReportStore:
    """The reports of one bucket and prefix."""

    def __init__(self, bucket: str, prefix: str) -> None:
        """
        :param prefix: empty, or ends with a slash
        """
        self._bucket, self._prefix = bucket, prefix

    def begin(self, run: str) -> None:
        """Store a mark that the run began, so that a bucket that cannot be written to shows before the audit.

        :raises ConfigurationError: as :meth:`put`
        """
        self._put("%sruns/%s/started.json" % (self._prefix, run), json.dumps({"run": run}).encode(), "application/json")

    def put(self, run: str, files: Mapping[str, str], partial: bool) -> str:
        """Store the reports; returns what stands before each file's name in its key. ``latest.json`` names all of them, as soon as
        they are stored.

        :param run: ID of the run; a repeated invocation has an ID of its own and overwrites nothing
        :param files: file name -> where it is
        :raises ConfigurationError: the bucket does not exist or refuses the write
        """
        reports = "%sruns/%s/report/" % (self._prefix, run)
        keys = {name: reports + name for name in files}
        for name, key in keys.items():
            with open(files[name], "rb") as file:
                self._put(key, file, _CONTENT_TYPES[os.path.splitext(name)[1]])
        pointer = json.dumps({"run": run, "partial": partial, "keys": keys}, sort_keys=True)
        self._put(self._prefix + "latest.json", pointer.encode(), "application/json")
        return reports

    def _put(self, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        from botocore.exceptions import ClientError

        try:
            _s3().put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, ServerSideEncryption="AES256"
            )
        except ClientError as error:
            if _aws_code(error) not in _LASTING_REFUSALS:
                raise
            raise ConfigurationError(
                "Could not write %s to the bucket %s: %s" % (key, self._bucket, error.response["Error"].get("Message")),
                code=_aws_code(error),
                hint="Check AUDIT_BUCKET and that the function's role may call s3:PutObject under its prefix.",
            ) from None
