"""Recording what other programs left on disk."""

import json
from pathlib import Path

from tests.cli.terminal import forebear, serving
from tests.connect.lerobot import POLICY, changed, write_checkpoint, write_dataset


def test_a_training_is_recorded_from_its_folder_and_again_it_is_nothing_new(tmp_path: Path) -> None:
    run, data = tmp_path / "run", write_dataset(tmp_path / "data")
    write_checkpoint(run, 200, policy=changed(POLICY, normalization_mapping__STATE="MIN_MAX"))
    version = "model:lab/act-pick@2026-05-02/10-11-12_act/step-200"
    printed = forebear("record", "lerobot", run, "--dataset", data, "--dry-run")
    assert printed.code == 0
    facts = [json.loads(line) for line in printed.out.splitlines()]
    assert [fact["kind"] for fact in facts] == ["Dataset", "DatasetVersion", "Run", "Model", "Checkpoint", "ModelVersion"]
    assert f"warning: {version}: STATE is normalised by MIN_MAX in config.json and by MEAN_STD in the normalizer" in printed.err
    with serving(data_dir=tmp_path / "graph") as service:
        first = forebear("record", "lerobot", run, "--dataset", data, url=service.url)
        summary = "        6  facts: 5 nodes described, 3 edges added, 1 value changed; 0 rejected"
        assert (first.code, first.out.splitlines()[-1]) == (0, summary)
        again = forebear("record", "lerobot", run / "checkpoints" / "000200", "--dataset", data, "--json", url=service.url)
        assert again.json == {
            "done": True,
            "kinds": {fact["kind"]: 1 for fact in facts},
            **dict.fromkeys(("described", "connected", "revised", "updated", "retracted", "rejected"), 0),
            "undescribed": [],
        }
        assert (
            forebear("import", "-", stdin=printed.out, url=service.url)
            .out.splitlines()[-1]
            .endswith("nothing was new; 0 rejected")
        )


def test_a_folder_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    for arguments, message in (
        ((tmp_path / "gone",), f"{tmp_path}/gone is no folder: name the output folder of a training, a checkpoint in it, or"),
        ((data, "--model", "x"), f"{data} is a dataset, so leave out --dataset and --model"),
    ):
        ended = forebear("record", "lerobot", *arguments, "--dry-run")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"forebear: {message}")
        assert ended.err.count("\n") == 1
    assert [json.loads(line)["kind"] for line in forebear("record", "lerobot", data, "--dry-run").out.splitlines()] == [
        "Dataset",
        "DatasetVersion",
    ]
