"""The report of an evaluation is attached as evidence, once, and what its pack does not define is refused by name."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from forebear.app import Forebear
from tests.actions.world import VERSION, company
from tests.api.served import served
from tests.cli.terminal import forebear
from tests.record.asking import ask

REPORT = {"overall": {"pc_success": 91.5, "avg_sum_reward": 2.0, "n_episodes": 400}}
MAPPING = "overall.pc_success: {metric: success, unit: '%', trials: overall.n_episodes}\n"
ATTACHED = """query($id: ID!) { node(id: $id) { ... on Evidence { type digest about { nodes { id } }
  measurements { metric value unit sampleSize } } } }"""


async def test_a_report_is_attached_once_and_what_the_pack_does_not_define_is_refused(
    registry: Forebear, tmp_path: Path
) -> None:
    await company(registry, success=70.0)
    file, mapping = tmp_path / "eval_info.json", tmp_path / "mapping.yaml"
    file.write_text(json.dumps(REPORT))
    mapping.write_text(MAPPING)
    arguments = ("attach-evidence", "--from", file, "--about", VERSION, "--pack", "pack:replay@1", "--type", "REPLAY")
    printed = await asyncio.to_thread(forebear, *arguments, "--mapping", mapping, "--dry-run")
    fact = json.loads(printed.out)
    async with served(registry) as service:
        url = f"http://127.0.0.1:{service.port}"
        refused = await asyncio.to_thread(forebear, *arguments, url=url)
        assert (refused.code, refused.out.splitlines()[:2]) == (
            1,
            [
                "refused",
                "  measurements.0.metric: pack:replay@1 defines no metric 'pc_success'; did you mean 'success'?  UNDEFINED",
            ],
        )
        first, again = [
            await asyncio.to_thread(forebear, *arguments, "--mapping", mapping, "--json", url=url) for _ in range(2)
        ]
        assert (first.code, first.json["__typename"], first.json["subject"]) == (0, "Done", {"id": fact["id"]})
        assert (again.code, again.json["unchanged"], again.json["subject"]) == (0, True, {"id": fact["id"]})
    assert (await ask(registry, ATTACHED, id=fact["id"]))["node"] == {
        "type": "REPLAY",
        "digest": fact["digest"],
        "about": {"nodes": [{"id": VERSION}]},
        "measurements": [{"metric": "success", "value": 91.5, "unit": "%", "sampleSize": 400}],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "name either the evidence or a report, with --from FILE"),
        ("{} --from a.xml", "name either the evidence or a report, with --from FILE"),
        ("{} --dry-run", "--dry-run belongs to a report: name it with --from FILE"),
        ("{} --pack pack:a@1", "--pack belongs to a report: name it with --from FILE"),
        ("--from a.xml", "--from: say with --about and --pack what was measured, and with which pack"),
        ("--from a.xml --about model:a@1 --pack pack:a@1", "a.xml: No such file or directory"),
        ("--from a.xml --about model:a@1 --pack pack:a@1 --format x", "--format x: is none of lerobot, junit, csv, json"),
        ("--from a.csv --about model:a@1 --pack pack:a@1 --mapping no.yaml", "no.yaml: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: str, message: str) -> None:
    ended = forebear("attach-evidence", *arguments.split())
    assert (ended.code, ended.out, ended.err) == (2, "", f"forebear: {message}\n")
