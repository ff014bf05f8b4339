"""The example lineage, served once for all tests that only ask."""

from collections.abc import Iterator

import pytest

from tests.cli.terminal import Service, serving


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`forebear demo`, without the loops that go on changing it."""
    with serving("demo", "--no-loops", "--data-dir", tmp_path_factory.mktemp("demo")) as service:
        yield service
