"""The pages about the client say what there is: names that can be imported, exceptions, arguments and limits."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

from forebear import client
from forebear.client import Registry, RegistryError
from forebear.client.service import RETRIABLE
from forebear.client.spool import MAX_BYTES
from forebear.client.training import WAIT
from tests.test_project import ROOT

HOW_TO = (ROOT / "docs" / "how-to" / "record-training.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference" / "client.md").read_text("utf-8")


def test_what_the_page_imports_and_calls_there_is() -> None:
    blocks = [ast.parse(block) for block in re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)]
    imports = [node for block in blocks for node in ast.walk(block) if isinstance(node, ast.ImportFrom)]
    assert len(imports) >= 4
    for node in imports:
        module = importlib.import_module(str(node.module))
        assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
    options = {"code", "environment", "image", "compute", "seed", "resumed", "trained_on", "configuration"}
    assert options <= inspect.signature(Registry.run).parameters.keys()
    assert {name for name in options if f"{name}=" in HOW_TO or f"`{name}`" in HOW_TO} == options
    assert f"waits {WAIT:g} seconds at most" in HOW_TO


def test_the_reference_lists_every_exception_every_method_and_what_is_sent_again() -> None:
    exceptions = {"RegistryError"} | {each.__name__ for each in RegistryError.__subclasses__()}
    assert {*re.findall(r"^\| `(\w+)` \| ", REFERENCE, re.M)} == exceptions
    assert exceptions <= {*client.__all__}
    methods = {name for name, _ in inspect.getmembers(Registry, inspect.isfunction) if not name.startswith("_")}
    assert {*re.findall(r"^\| `(\w+)\(", REFERENCE, re.M)} == methods - {"close"}
    assert all(str(status) in REFERENCE for status in RETRIABLE)
    assert f"{MAX_BYTES // 1024**2} MiB" in REFERENCE
