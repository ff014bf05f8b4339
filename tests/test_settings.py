"""The settings are what their documentation says, and nothing else is set."""

import re

import pytest

from forebear.settings import OTHERS, PREFIX, Settings, SettingsError, load
from tests.test_project import ROOT, tracked

NAMES = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    table = re.findall(rf"^\| `({PREFIX}\w+)` \|", (ROOT / "docs" / "reference" / "settings.md").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(NAMES)


def test_every_variable_that_the_project_names_is_a_setting_or_declared_as_none() -> None:
    found = {name for path in tracked() for name in re.findall(rb"\bFOREBEAR_[A-Z_0-9]*[A-Z0-9]\b", (ROOT / path).read_bytes())}
    assert {name.decode() for name in found} == NAMES | OTHERS


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_is_set_for_others_is_no_mistake(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    load()


def test_all_that_is_not_known_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}POTR", "1")
    monkeypatch.setenv(f"{PREFIX}read_timeuot".lower(), "1")
    with pytest.raises(SettingsError) as raised:
        load()
    assert str(raised.value) == (
        f"{PREFIX}POTR is not known; did you mean 'FOREBEAR_PORT'?; "
        f"{PREFIX.lower()}read_timeuot is not known; did you mean 'FOREBEAR_READ_TIMEOUT'?"
    )
