"""A digest has one form in which it is kept, and others in which it is taken."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.digest import InvalidDigest, in_name, normal, normal_or_same

SHA256 = hashlib.sha256(b"weights").hexdigest()


@given(st.binary(), st.sampled_from(("md5", "sha1", "sha256", "sha384", "sha512")))
def test_a_digest_is_kept_in_one_form_however_it_is_written(content: bytes, algorithm: str) -> None:
    made = hashlib.new(algorithm, content)
    kept = f"{algorithm}:{made.hexdigest()}"
    written = [kept, kept.upper(), kept.replace("sha", "SHA-")]
    if algorithm in ("sha256", "sha384", "sha512"):
        written.append(f"{algorithm}-{base64.b64encode(made.digest()).decode()}")
    assert {normal(text) for text in written} == {normal(kept)} == {kept}


@pytest.mark.parametrize("text", ["blake3:0f1e", "sha3-256:0f", "sha512_256:ab"])
def test_of_an_algorithm_that_is_not_known_any_number_of_digits_is_taken(text: str) -> None:
    assert normal(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no digest"),
        ("abc", "is no digest"),
        (SHA256, "is no digest"),
        (f"sha256: {SHA256}", "is no digest"),
        (f"sha256:{SHA256}\n", "is no digest"),
        ("sha256:", "is no digest"),
        ("sha256:0123456789ab…", "is no digest"),
        ("sha256-====", "is no digest"),
        ("sha256-q6ur", "has 6 digits, and sha256 has 64"),
        (f"sha256:{SHA256[1:]}", "has 63 digits, and sha256 has 64"),
        (f"sha512:{SHA256}", "has 64 digits, and sha512 has 128"),
    ],
)
def test_what_is_no_digest_says_why(text: str, said: str) -> None:
    with pytest.raises(InvalidDigest, match=f"^{said}$"):
        normal(text)
    assert normal_or_same(text) == text


def test_a_name_is_asked_back_where_it_is_the_beginning_of_a_digest() -> None:
    assert in_name(f"SHA256:{SHA256}") == f"sha256:{SHA256}"
    assert in_name("mlflow:run/4f2c") == "mlflow:run/4f2c"
    assert in_name("md5:not hex at all") == "md5:not hex at all"
    for text in (f"sha256:{SHA256[:12]}", f"sha256:{SHA256[:12]}…", "sha256:"):
        with pytest.raises(InvalidDigest):
            in_name(text)
