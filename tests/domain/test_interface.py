"""Whether a version fits where it is to run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forebear.domain.interface import Interface, RobotSpec, TargetSpec, interface_fits, unreadable
from forebear.domain.outcome import Reason

PICKER = Interface("model:picker@2", rate_hz=4, memory_mib=7800, robot_software=">=4.2,<5")
ORIN = TargetSpec("target:orin", memory_mib=65536)


def test_what_fits_has_no_reasons() -> None:
    assert interface_fits(PICKER, ORIN, [RobotSpec("robot:a", "4.2", 4), RobotSpec("robot:b", "4.9.1", 20)]) == ()


def test_everything_that_does_not_fit_is_named_with_what_would() -> None:
    small = TargetSpec("target:nano", memory_mib=4096)
    assert interface_fits(PICKER, small, [RobotSpec("robot:a", "5.0", 2.5), RobotSpec("robot:b", "4.2.1", 4)]) == (
        Reason(
            "TOO_LITTLE_MEMORY",
            "model:picker@2 needs 7800 MiB of memory, and target:nano has 4096 MiB",
            "build for a target with at least 7800 MiB, or register a smaller version",
        ),
        Reason(
            "TOO_SLOW",
            "model:picker@2 must be run at 4 Hz, and robot:a takes commands at 2.5 Hz at most",
            "leave out robot:a, or register a version for 2.5 Hz",
        ),
        Reason(
            "OTHER_ROBOT_SOFTWARE",
            "model:picker@2 works with robot software >=4.2,<5, and robot:a runs 5.0",
            "bring robot:a to >=4.2,<5, or leave it out",
        ),
    )


@pytest.mark.parametrize(
    ("range", "version", "fits"),
    [
        (">=4.2,<5", "4.2.0", True),
        (">=4.2,<5", "4.10", True),
        (">=4.2,<5", "4.1.9", False),
        (">=4.2", "4.2.0-rc1", False),
        (">=4.2", "4.3.0-rc1", True),
        ("==4.2.*", "4.2.7", True),
        ("==4.2.*", "4.3", False),
        ("~=4.2", "4.9", True),
        ("~=4.2", "5.0", False),
        ("!=4.2.1", "4.2.1", False),
        ("", "1", True),
    ],
)
def test_ranges_are_version_specifiers(range: str, version: str, fits: bool) -> None:
    interface = Interface("model:picker@2", robot_software=range)
    reasons = interface_fits(interface, None, [RobotSpec("robot:a", version)])
    assert [reason.code for reason in reasons] == ([] if fits else ["OTHER_ROBOT_SOFTWARE"])


def test_a_range_or_version_that_cannot_be_read_is_said_to_be() -> None:
    assert unreadable(">=4.2,<5") is None
    no_range = Reason(
        "UNREADABLE_VERSION",
        "'4.2 or newer' is no range of versions",
        "write it as comma-separated version specifiers, such as >=4.2,<5",
    )
    assert unreadable("4.2 or newer") == no_range
    interface = Interface("model:picker@2", robot_software="4.2 or newer")
    assert interface_fits(interface, None, [RobotSpec("robot:a", "4.2")]) == (no_range,)
    assert interface_fits(PICKER, None, [RobotSpec("robot:a", "nightly")]) == (
        Reason(
            "UNREADABLE_VERSION",
            "robot:a runs software 'nightly', which is no version that >=4.2,<5 can be held to",
            "correct the software version of robot:a, such as 4.2.1",
        ),
    )


numbers = st.none() | st.floats(0, 100)
software = st.sampled_from([None, "4.2", "4.3rc1", "5", "nightly"])
robots = st.builds(RobotSpec, st.sampled_from(["robot:a", "robot:b"]), software, numbers)
interfaces = st.builds(Interface, st.just("model:picker@2"), numbers, numbers, st.sampled_from([None, ">=4.2,<5", "any"]))
targets = st.none() | st.builds(TargetSpec, st.just("target:orin"), numbers)


@given(interfaces, targets, st.lists(robots, max_size=3))
def test_what_one_side_does_not_say_is_no_reason(
    interface: Interface, target: TargetSpec | None, fleet: list[RobotSpec]
) -> None:
    assert interface_fits(Interface(interface.version), target, fleet) == ()
    assert interface_fits(interface, None, [RobotSpec(robot.id) for robot in fleet]) == ()


@given(interfaces, targets, st.lists(robots, max_size=3))
def test_a_fleet_fits_where_each_robot_does(interface: Interface, target: TargetSpec | None, fleet: list[RobotSpec]) -> None:
    each = (*interface_fits(interface, target), *(r for robot in fleet for r in interface_fits(interface, None, [robot])))
    assert interface_fits(interface, target, fleet) == each
    assert all(reason.remedy for reason in each)
