"""The secrets of webhooks: making them, and keeping them encrypted."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

PREFIX = "whsec_"
"""How a secret of Standard Webhooks begins, so that people and scanners know it. Base64 of 32 random bytes follows."""


def new_secret() -> str:
    """Return a new secret of a webhook."""
    return PREFIX + b64encode(secrets.token_bytes(32)).decode()


class UnreadableSecret(Exception):
    """A secret cannot be decrypted by any key, or there is none. The message says what to do."""

    def __init__(self, kept: str | None) -> None:
        super().__init__(
            "it has no secret, since it was restored from an archive: rotate its secret"
            if kept is None
            else "its secret cannot be decrypted: put the key that encrypted it into FOREBEAR_SECRET_KEY, or rotate the secret"
        )


class Encryption:
    """Encrypts by the first of some keys, and decrypts by all. `keys` are Fernet keys with commas between them, or None."""

    def __init__(self, keys: str | None) -> None:
        self._keys = keys
        self._fernet: MultiFernet | None = None

    @property
    def possible(self) -> bool:
        """Whether there is a key."""
        return self._keys is not None

    def encrypted(self, secret: str) -> str:
        """Return a secret as the graph keeps it."""
        return self._with_keys().encrypt(secret.encode()).decode()

    def problem(self, kept: str | None) -> str | None:
        """Return why nothing can be signed by a kept secret, or None."""
        try:
            self.decrypted(kept)
        except UnreadableSecret as error:
            return str(error)
        return None

    def decrypted(self, kept: str | None) -> str:
        """Return a kept secret as it was. Raises `UnreadableSecret`, also if there is none, as after a restore."""
        from cryptography.fernet import InvalidToken

        if kept is None or not self.possible:
            raise UnreadableSecret(kept)
        try:
            return self._with_keys().decrypt(kept).decode()
        except InvalidToken:
            raise UnreadableSecret(kept) from None

    def _with_keys(self) -> MultiFernet:
        # It takes a while to import, and most processes need no key.
        from cryptography.fernet import Fernet, MultiFernet

        if self._fernet is None:
            assert self._keys is not None
            self._fernet = MultiFernet([Fernet(key.strip()) for key in self._keys.split(",")])
        return self._fernet
