"""Parts: what a policy can require of a candidate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Part(StrEnum):
    """What a candidate can be asked to carry. `interface` stands for its five parts."""

    EXPERIMENT = "experiment"
    CHECKPOINT = "checkpoint"
    DATASET = "dataset"
    CODE = "code"
    ENVIRONMENT = "environment"
    COMPUTE = "compute"
    CONFIGURATION = "configuration"
    WEIGHTS_DIGEST = "weightsDigest"
    NORMALIZATION_DIGEST = "normalizationDigest"
    ACTION_SPACE_DIGEST = "actionSpaceDigest"
    CONTROLLER_DIGEST = "controllerDigest"
    SENSORS = "sensors"
    ACTION_SPACE = "actionSpace"
    RATE_HZ = "rateHz"
    MEMORY_MIB = "memoryMib"
    ROBOT_SOFTWARE = "robotSoftware"
    INTERFACE = "interface"


INTERFACE = (Part.SENSORS, Part.ACTION_SPACE, Part.RATE_HZ, Part.MEMORY_MIB, Part.ROBOT_SOFTWARE)
"""The parts that `interface` stands for."""

REMEDIES: Mapping[Part, str] = {
    Part.EXPERIMENT: "name the experiment that justifies it",
    Part.CHECKPOINT: "name the checkpoint that it comes from (promotedFrom), of a run that is known (producedBy)",
    Part.DATASET: "record what its run was trained on (trainedOn)",
    Part.CODE: "record the code that its run executed (ran)",
    Part.ENVIRONMENT: "record the software environment of its run (inEnvironment)",
    Part.COMPUTE: "record the compute of its run (onCompute)",
    Part.CONFIGURATION: "record the configuration of its run",
}
"""How to give a candidate a part that is no property of the version."""


def expanded(parts: Iterable[Part]) -> tuple[Part, ...]:
    each = (p for part in parts for p in (INTERFACE if part is Part.INTERFACE else (part,)))
    return tuple(dict.fromkeys(each))
