"""Digests of content have one way of writing them."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.digest import malformed

SHA256 = hashlib.sha256(b"weights").hexdigest()


@given(st.binary(), st.sampled_from(("md5", "sha1", "sha256", "sha384", "sha512")))
def test_what_an_algorithm_makes_is_a_digest(content: bytes, algorithm: str) -> None:
    assert malformed("digest", f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}") is None


def test_an_algorithm_of_which_nothing_is_known_may_have_any_length() -> None:
    assert malformed("digest", "blake3:0f1e") is None


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        (SHA256, "is no digest"),
        (f"sha256:{SHA256.upper()}", f"is 'sha256:{SHA256}' as a digest is kept"),
        (f"SHA256:{SHA256}", f"is 'sha256:{SHA256}' as a digest is kept"),
        (f"sha256: {SHA256}", "is no digest"),
        (f"sha256:{SHA256}\n", "is no digest"),
        ("sha256:", "is no digest"),
        (f"sha256:{SHA256[1:]}", "has 63 digits, and sha256 has 64"),
        (f"sha512:{SHA256}", "has 64 digits, and sha512 has 128"),
    ],
)
def test_what_is_no_digest_says_why(digest: str, said: str) -> None:
    reason = malformed("weightsDigest", digest)
    assert reason is not None
    assert (reason.code, reason.message) == ("INVALID_DIGEST", f"weightsDigest: {digest!r} {said}")
