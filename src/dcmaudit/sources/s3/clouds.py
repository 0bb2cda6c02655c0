"""The other object stores: Azure Blob Storage and Google Cloud Storage, with what their variables say.

The library that reads S3 reads these as well, and takes their rights from the variables that other tools use. Nothing
is saved for them here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dcmaudit.errors import SourceUnreadableError
from dcmaudit.sources.s3.names import Provider

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore

_AZURE_ACCOUNT = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
_ENDPOINTS = {Provider.AZURE: ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"), Provider.GOOGLE: ("GOOGLE_BASE_URL",)}
_GOOGLE_RIGHTS = (
    "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_BEARER_TOKEN", "GOOGLE_SKIP_SIGNATURE",
)  # fmt: skip
_GOOGLE_MACHINE = ("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP")
_PREFIXES = ("AZURE_", "GOOGLE_", "GCE_METADATA_")


def rights(provider: Provider, bucket: str) -> tuple[tuple[str, str], ...]:
    """What the variables say now, for telling whether it changed; SourceUnreadableError where it cannot be enough."""
    place = f"{provider}://{bucket}"
    if provider is Provider.AZURE and not _first(_AZURE_ACCOUNT):
        raise SourceUnreadableError(
            "no storage account is named",
            file=place,
            hint="set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or "
            "AZURE_SKIP_SIGNATURE=true for a public container",
        )
    if provider is Provider.GOOGLE and not _first((*_GOOGLE_RIGHTS, *_GOOGLE_MACHINE)):
        # Without any the library asks a machine of Google's cloud, and waits a long time where there is none.
        raise SourceUnreadableError(
            "there are no credentials for this bucket",
            file=place,
            hint="set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account, or GOOGLE_SKIP_SIGNATURE=true "
            "for a public bucket",
        )
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith(_PREFIXES)))


def is_plain(provider: Provider) -> bool:
    """Whether the address that is given is one without TLS, as that of a server on a network one trusts."""
    return _first(_ENDPOINTS[provider]).startswith("http://")


def make(provider: Provider, bucket: str, options: Any, retries: Any) -> AzureStore | GCSStore:
    """A client; raises whatever the library does."""
    from obstore.store import AzureStore, GCSStore

    if provider is Provider.AZURE:
        return AzureStore(bucket, account_name=_first(_AZURE_ACCOUNT), client_options=options, retry_config=retries)
    return GCSStore(bucket, client_options=options, retry_config=retries)


def _first(names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")
