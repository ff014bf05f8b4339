"""Whether a model version can run somewhere: its interface, compared with the hardware target and the robots.

Ranges of robot software are version specifiers as Python packages use them (PEP 440), read by `packaging`: `>=4.2,<5`, `~=4.2`,
`==4.2.*`, `!=4.2.1`. A robot that runs a pre-release is compared by order like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forebear.domain.clause import number
from forebear.domain.outcome import Reason

TOO_LITTLE_MEMORY = "TOO_LITTLE_MEMORY"
TOO_SLOW = "TOO_SLOW"
OTHER_ROBOT_SOFTWARE = "OTHER_ROBOT_SOFTWARE"
UNREADABLE_VERSION = "UNREADABLE_VERSION"


@dataclass(frozen=True)
class Interface:
    """What a model version needs: a rate in Hz, memory in MiB, a range of robot software. None: unknown."""

    version: str
    rate_hz: float | None = None
    memory_mib: float | None = None
    robot_software: str | None = None


@dataclass(frozen=True)
class TargetSpec:
    """A hardware target, and its memory in MiB. None: unknown."""

    id: str
    memory_mib: float | None = None


@dataclass(frozen=True)
class RobotSpec:
    """A robot, the version of its software, and the highest rate in Hz at which it takes commands. None: unknown."""

    id: str
    software: str | None = None
    rate_hz: float | None = None


def interface_fits(interface: Interface, target: TargetSpec | None, robots: Iterable[RobotSpec] = ()) -> tuple[Reason, ...]:
    """Return why a version cannot run on a target or on robots. The result is empty if it can.

    A value that one side does not give is no reason. A policy can ask for it: `candidate: [interface]`.
    """
    return (*_memory(interface, target), *(reason for robot in robots for reason in _robot(interface, robot)))


def unreadable(robot_software: str) -> Reason | None:
    """Return why a range of robot software cannot be read, or None if it can."""
    # It takes as long to import as a third of a command, and few commands need it.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(robot_software)
    except InvalidSpecifier:
        message = f"{robot_software!r} is no range of versions"
        return Reason(UNREADABLE_VERSION, message, "write it as comma-separated version specifiers, such as >=4.2,<5")
    return None


def _memory(interface: Interface, target: TargetSpec | None) -> Iterator[Reason]:
    if target is None or interface.memory_mib is None or target.memory_mib is None:
        return
    if interface.memory_mib > target.memory_mib:
        needs, has = number(interface.memory_mib, "MiB"), number(target.memory_mib, "MiB")
        yield Reason(
            TOO_LITTLE_MEMORY,
            f"{interface.version} needs {needs} of memory, and {target.id} has {has}",
            f"build for a target with at least {needs}, or register a smaller version",
        )


def _robot(interface: Interface, robot: RobotSpec) -> Iterator[Reason]:
    if interface.rate_hz is not None and robot.rate_hz is not None and interface.rate_hz > robot.rate_hz:
        needs, takes = number(interface.rate_hz, "Hz"), number(robot.rate_hz, "Hz")
        yield Reason(
            TOO_SLOW,
            f"{interface.version} must be run at {needs}, and {robot.id} takes commands at {takes} at most",
            f"leave out {robot.id}, or register a version for {takes}",
        )
    if interface.robot_software is None or robot.software is None:
        return
    if reason := unreadable(interface.robot_software):
        yield reason
        return
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        version = Version(robot.software)
    except InvalidVersion:
        yield Reason(
            UNREADABLE_VERSION,
            f"{robot.id} runs software {robot.software!r}, which is no version that {interface.robot_software} can be held to",
            f"correct the software version of {robot.id}, such as 4.2.1",
        )
        return
    if not SpecifierSet(interface.robot_software).contains(version, prereleases=True):
        yield Reason(
            OTHER_ROBOT_SOFTWARE,
            f"{interface.version} works with robot software {interface.robot_software}, and {robot.id} runs {robot.software}",
            f"bring {robot.id} to {interface.robot_software}, or leave it out",
        )
