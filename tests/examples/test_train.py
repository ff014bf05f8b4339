"""The training script goes from nothing to a model that a policy approves by its evidence, and what it shows refused is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from forebear.app import Forebear
from forebear.client import digest
from tests.api.served import served
from tests.cli.terminal import environment
from tests.record.asking import ask
from tests.test_project import ROOT

SAYS = """nothing was recorded: checkpoint:first/step-1000: step: a text is no number
attachEvidence was refused: measurements.0.metric: pack:reach@1 defines no metric 'reach-rate'; did you mean 'reach_rate'? \
(UNDEFINED): measure what the pack defines, or name the pack version that defines it
release:reacher@first/reacher-bench is APPROVED
"""

LEARNED = """{ modelVersion(id: "model:reacher@first") { weightsDigest
  releases { nodes { decisions { nodes { type verdict } } } }
  provenance { trainedOn { dataset { id digest } } runs { id status } checkpoints { step digest } code { modified } } } }"""


async def test_a_script_trains_registers_measures_and_has_its_model_approved(registry: Forebear, tmp_path: Path) -> None:
    async with served(registry) as service:
        settings = environment(url=f"http://127.0.0.1:{service.port}", spool=tmp_path / "spool")
        command = [sys.executable, str(ROOT / "examples" / "train.py"), "--name", "first", "--out", str(tmp_path)]
        script = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=settings, cwd=tmp_path)
        said, _ = await script.communicate()
    assert (script.returncode, said.decode()) == (0, SAYS)
    weights, data = digest(tmp_path / "epoch-5.json"), digest(tmp_path / "demonstrations")
    version = (await ask(registry, LEARNED))["modelVersion"]
    decisions = version["releases"]["nodes"][0]["decisions"]["nodes"]
    assert sorted(decision["type"] for decision in decisions) == ["EVALUATION", "PROMOTION"]
    assert version["weightsDigest"] == weights
    dataset = {"id": f"dataset:reach-demonstrations@{data[7:19]}", "digest": data}
    assert version["provenance"] == {
        "trainedOn": [{"dataset": dataset}],
        "runs": [{"id": "run:first", "status": "SUCCEEDED"}],
        "checkpoints": [{"step": 1000, "digest": weights}],
        "code": [],
    }
