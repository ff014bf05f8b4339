"""A builder: it is told of an approval, asks what may be built, builds it, and registers the artifact.

    FOREBEAR_URL=http://127.0.0.1:8080 python examples/builder.py --target target:bench-pc --out builds

It makes 8-bit integers of the weights that examples/train.py writes, with a scale for each row. The same weights come to the
same bytes, so it may be killed at any moment: what it had not registered it builds again after the next start.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy
from attending import Attendant, pages

from forebear.client import Refusal, Registry, digest
from forebear.graph.kinds.release import Artifact
from forebear.verbs.artifact import RegisterArtifact

TOOLCHAIN = f"examples/builder.py 1, numpy {numpy.__version__}"
EVENTS = ["attachEvidence", "approve", "override", "registerCandidate", "adoptPolicy"]
"""After these something may be buildable that was not before."""

BUILDABLE = """query($target: ID!, $after: String) { list: buildable(target: $target, first: 100, after: $after) {
  nodes { version { id weightsDigest promotedFrom { nodes { uri } } } decisions { id } artifacts { state } }
  pageInfo { hasNextPage endCursor } } }"""


def weights(version: dict[str, Any]) -> Path:
    """Return the file with a version's weights. Raises `ValueError` if it is not the one that was approved."""
    for checkpoint in version["promotedFrom"]["nodes"]:
        address = urlsplit(checkpoint["uri"] or "")
        file = Path(unquote(address.path))
        if address.scheme == "file" and file.is_file() and digest(file) == version["weightsDigest"]:
            return file
    raise ValueError(f"no file of its checkpoints has the digest {version['weightsDigest']}")


def convert(source: Path, folder: Path) -> Path:
    """Write the weights as 8-bit integers, each row with its scale. Returns the file, which is named after its digest.

    Raises `ValueError` if the file holds no matrix of numbers.
    """
    matrix = numpy.asarray(json.loads(source.read_bytes()), dtype=numpy.float64)
    if matrix.ndim != 2 or not matrix.size or not numpy.isfinite(matrix).all():
        raise ValueError(f"{source} holds no matrix of numbers")
    scale = numpy.abs(matrix).max(axis=1, keepdims=True) / 127
    scale[scale == 0] = 1
    folder.mkdir(parents=True, exist_ok=True)
    # Whoever is killed here leaves a file that nothing names, and the next build writes over it.
    unfinished = folder / "unfinished.npz"
    numpy.savez(unfinished, weights=numpy.rint(matrix / scale).astype(numpy.int8), scale=scale.astype(numpy.float32))
    file = folder / f"{digest(unfinished).removeprefix('sha256:')}.npz"
    os.replace(unfinished, file)
    return file


def build(registry: Registry, target: str, folder: Path) -> None:
    """Build and register all that may be built for a target and is not. One that fails holds up no other."""
    for row in pages(registry, BUILDABLE, {"target": target}):
        # A build that only may be evaluated becomes available. One in quarantine would come to the same bytes again.
        if any(each["state"] != "EVALUATION_ONLY" for each in row["artifacts"]):
            continue
        version, decisions = row["version"], sorted(decision["id"] for decision in row["decisions"])
        try:
            file = convert(weights(version), folder)
            content = digest(file)
            artifact = Artifact(
                f"artifact:{content}",
                digest=content,
                uri=file.absolute().as_uri(),
                format="NPZ",
                precision="INT8",
                toolchain=TOOLCHAIN,
                built_from=version["id"],
                target=target,
            )
            # The same build on the same approval is the same request.
            registry.do(RegisterArtifact(artifact=artifact), idempotency_key=f"{artifact.id} {' '.join(decisions)}"[:500])
            print(f"{version['id']} is built: {artifact.id}", flush=True)
        except (OSError, ValueError, Refusal) as error:
            print(f"{version['id']} is not built: {error}", flush=True)


def main() -> None:
    """Build what is open, and go on when something happens."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--url", help="the service; by default FOREBEAR_URL")
    options.add_argument("--target", default="target:bench-pc", help="the hardware target to build for")
    options.add_argument("--out", type=Path, default=Path("builds"), help="the folder for the builds")
    options.add_argument("--port", type=int, default=8091, help="the port for webhooks")
    options.add_argument("--every", type=float, default=60, help="look again after so many seconds without an event")
    chosen = options.parse_args()

    with Registry(chosen.url, patience=60) as registry:
        attendant = Attendant(chosen.port, EVENTS)
        print(f"builds for {chosen.target}, told at {attendant.url}", flush=True)
        attendant.attend(registry, lambda: build(registry, chosen.target, chosen.out), chosen.every)


if __name__ == "__main__":
    main()
