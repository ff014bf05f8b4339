"""Ids are parsed, checked and escaped in one place; a bad one names what is wrong with it."""

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.graph.ids import MAX_LENGTH, Id, Ids, InvalidId, composed, escape, named_id, release_id, unescape
from forebear.graph.kinds import GRAPH

ids = Ids(GRAPH)

PREFIXES = (
    "artifact, attribution, checkpoint, code, cohort, compute, curation, customer, dataset, decision, decommissioning, "
    "deployment, environment, evidence, experiment, fleet, incident, installation, job, job-run, line, maintenance, model, "
    "pack, policy, recall, release, robot, run, site, stop, target"
)

names = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_letters + string.digits),
    st.text(string.ascii_letters + string.digits + "._~-/+:=", max_size=40),
)
texts = st.text(min_size=1, max_size=20)
kinds = st.sampled_from([*GRAPH.kinds.values()])


@given(kinds, names, names)
def test_an_id_that_was_put_together_is_taken_apart_again(kind, name, version):
    id = Id(kind.name, kind.prefix, name, version if kind.versioned else None)
    assert ids.parse(str(id)) == id
    assert ids.kind(str(id)) == kind.name


@given(st.tuples(names, names, names), st.tuples(names, names, names))
def test_two_releases_have_one_id_only_where_they_are_one(one, other):
    first, second = (release_id(f"model:{name}@{version}", f"line:{line}") for name, version, line in (one, other))
    assert (first == second) == (one == other)
    assert ids.kind(first) == "Release"


def test_a_release_is_named_by_its_version_and_its_line():
    assert release_id("model:openvla-7b@3", "line:widowx-orin") == "release:openvla-7b@3/widowx-orin"
    assert release_id("model:hand@1/b", "line:lab/left") == "release:hand@1/b/lab%2Fleft"


# Parts that hold what separates parts, and parts that are too long for an id.
parts = st.one_of(
    st.text("ab%/@~7E", min_size=1, max_size=6).filter(lambda text: text[0] not in "/@~"),
    st.builds(lambda text, n: text * n, st.sampled_from(["a", "a/", "a%2F", "%41b"]), st.integers(1, 300)),
)
several = st.tuples(parts, parts, parts)


@given(several, several, st.sampled_from([0, -1]))
def test_ids_of_parts_are_one_only_where_all_parts_are_and_are_never_too_long(one, other, plain):
    first, second = (composed("installation:", *given, plain=plain) for given in (one, other))
    assert (first == second) == (one == other)
    assert len(first) <= MAX_LENGTH


@given(several, st.sampled_from([0, -1]))
def test_no_parts_have_the_id_of_parts_that_are_too_long(long, plain):
    long = ("a" * MAX_LENGTH, *long[1:])
    id = composed("", *long, plain=plain)
    assert len(id) <= MAX_LENGTH
    assert "/" not in id  # and every id of parts that is not too long holds one


@given(st.tuples(names, names, names))
def test_an_id_of_parts_is_an_id_however_long_they_are(given):
    robot, since, artifact = (part * 9 for part in given)
    assert ids.kind(composed("installation:", robot, since, artifact, plain=-1)) == "Installation"
    assert ids.kind(release_id(f"model:{robot}@{since}", f"line:{artifact}")) == "Release"


@given(texts, st.integers(1, 200), texts)
def test_what_is_only_named_has_an_id_of_its_own(text, times, other):
    long = named_id("artifact", text * times)
    assert ids.kind(long) == "Artifact"
    assert (long == named_id("artifact", other)) == (text * times == other)


def test_an_ordinary_id_of_parts_is_readable():
    name = composed("installation:", "ur-04", "2026-06-01T00:00:00Z", "oci:reg/q:build9", plain=-1)
    assert name == "installation:ur-04/2026-06-01T00:00:00Z/oci:reg/q:build9"
    assert named_id("artifact", "oci:reg/q:build9") == "artifact:oci:reg/q:build9"
    assert named_id("artifact", "cloud:unheard of") == "artifact:cloud:unheard%20of"


@given(kinds, texts, texts)
def test_any_free_text_escaped_is_a_name_and_a_version(kind, name, version):
    id = Id(kind.name, kind.prefix, escape(name), escape(version) if kind.versioned else None)
    assert ids.parse(str(id)) == id


@given(texts)
def test_what_was_escaped_is_had_again(text):
    assert unescape(escape(text)) == text


@given(texts, texts)
def test_different_texts_have_different_names(one, other):
    assert (escape(one) == escape(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bridge_orig", "bridge_orig"),
        ("org/repo:main", "org/repo:main"),
        ("a b@c", "a%20b%40c"),
        ("100%", "100%25"),
        ("_private", "%5Fprivate"),
        ("-x", "%2Dx"),
        ("Ärger", "%C3%84rger"),
    ],
)
def test_what_an_id_cannot_hold_is_percent_encoded(text, name):
    assert escape(text) == name


def test_ids_are_taken_apart():
    assert ids.parse("dataset:bridge_orig") == Id("Dataset", "dataset", "bridge_orig")
    assert ids.parse("dataset:bridge_orig@1.0.0") == Id("DatasetVersion", "dataset", "bridge_orig", "1.0.0")
    assert ids.parse("release:openvla-7b@3/widowx-orin") == Id("Release", "release", "openvla-7b", "3/widowx-orin")
    assert ids.parse("artifact:sha256:00ff") == Id("Artifact", "artifact", "sha256:00ff")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' has no kind: an id is `kind:name`, such as dataset:bridge_orig@1.0.0"),
        ("bridge", "'bridge' has no kind: an id is `kind:name`, such as dataset:bridge_orig@1.0.0"),
        ("data:x", f"'data:x': no kind has ids that begin with 'data'; known: {PREFIXES}"),
        ("Run:x", f"'Run:x': no kind has ids that begin with 'Run'; known: {PREFIXES}"),
        ("run:x@1", "'run:x@1': ids of Run look like run:name, without a version"),
        ("pack:x", "'pack:x': ids of EvaluationPack look like pack:name@version"),
        ("run:", "'run:': its name is empty"),
        ("dataset:@1", "'dataset:@1': its name is empty"),
        ("dataset:x@", "'dataset:x@': its version is empty"),
        ("run:a b", "'run:a b': its name 'a b' holds what an id cannot; percent-encoded it would be 'a%20b'"),
        ("run:ä", "'run:ä': its name 'ä' holds what an id cannot; percent-encoded it would be '%C3%A4'"),
        ("run:a%zz", "'run:a%zz': its name 'a%zz' holds what an id cannot; percent-encoded it would be 'a%25zz'"),
        ("run:a%2f", "'run:a%2f': its name 'a%2f' holds what an id cannot; percent-encoded it would be 'a%252f'"),
        ("run:_a", "'run:_a': its name '_a' holds what an id cannot; percent-encoded it would be '%5Fa'"),
        ("run:a\n", "'run:a\\n': its name 'a\\n' holds what an id cannot; percent-encoded it would be 'a%0A'"),
        (
            "dataset:x@1@2",
            "'dataset:x@1@2': its version '1@2' holds what an id cannot; percent-encoded it would be '1%402'",
        ),
        ("run:\ud800", "'run:\\ud800': its name '\\ud800' holds what an id cannot; percent-encoded it would be '%3F'"),
        ("run:" + "a" * MAX_LENGTH, "an id is at most 512 characters long; this one is 516"),
    ],
)
def test_a_bad_id_names_what_is_wrong_with_it(text, reason):
    with pytest.raises(InvalidId) as refused:
        ids.parse(text)
    assert str(refused.value) == reason


@given(st.text(max_size=30))
def test_any_text_is_an_id_or_is_refused_with_a_reason(text):
    with contextlib.suppress(InvalidId):
        assert str(ids.parse(text)) == text


def test_the_longest_id_is_an_id():
    text = "run:" + "a" * (MAX_LENGTH - 4)
    assert str(ids.parse(text)) == text
