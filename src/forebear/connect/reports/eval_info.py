"""Reads eval_info.json, which LeRobot's `lerobot-eval` writes. LeRobot itself is never imported."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import stdev

import msgspec

from forebear.connect.reports.report import EvaluationReport, InvalidReport, ReportedValue
from forebear.graph.document import InvalidDocument, decode

SUCCESS = "pc_success"
"""The percentage of episodes that succeeded."""


class Aggregate(msgspec.Struct):
    """What holds for some episodes. How long the evaluation took is not a property of the policy, so it is not read."""

    pc_success: float | None = None
    avg_sum_reward: float | None = None
    avg_max_reward: float | None = None
    n_episodes: int | None = None


class TaskMetrics(msgspec.Struct):
    sum_rewards: list[float | None] = []
    max_rewards: list[float | None] = []


class Task(msgspec.Struct):
    task_group: str
    metrics: TaskMetrics


class EvaluatedEpisode(msgspec.Struct):
    sum_reward: float | None = None
    max_reward: float | None = None


class EvalInfo(msgspec.Struct):
    """Since LeRobot 0.4 there are groups of tasks; before there were episodes of one task."""

    overall: Aggregate | None = None
    per_group: dict[str, Aggregate] = {}
    per_task: list[Task] = []
    aggregated: Aggregate | None = None
    per_episode: list[EvaluatedEpisode] = []


def read(data: bytes) -> EvaluationReport:
    """Return success and rewards, for all episodes and, of several groups of tasks, with each group as a slice.

    Raises `InvalidReport`.
    """
    try:
        info = msgspec.convert(decode(data), EvalInfo)
    except (InvalidDocument, msgspec.ValidationError) as error:
        raise InvalidReport(f"it is not as LeRobot writes it: {error}") from None
    whole = info.overall or info.aggregated
    if whole is None:
        raise InvalidReport("it has neither `overall` nor `aggregated`: it is not as LeRobot writes it")
    readings = [*_readings(whole, None, *_rewards(info, None))]
    left_out = [f"{name}: no episode has a value" for name in _METRICS if not _is_number(getattr(whole, name))]
    if len(info.per_group) > 1:
        for group, aggregate in info.per_group.items():
            readings += _readings(aggregate, group, *_rewards(info, group))
    return EvaluationReport(readings, left_out=left_out)


_METRICS = (SUCCESS, "avg_sum_reward", "avg_max_reward")


def _rewards(info: EvalInfo, group: str | None) -> tuple[list[float | None], list[float | None]]:
    """Return the sums and the highest rewards of the episodes of a group, or of all."""
    tasks = [task.metrics for task in info.per_task if group in (None, task.task_group)]
    if tasks:
        return [r for t in tasks for r in t.sum_rewards], [r for t in tasks for r in t.max_rewards]
    return [episode.sum_reward for episode in info.per_episode], [episode.max_reward for episode in info.per_episode]


def _readings(
    aggregate: Aggregate, group: str | None, sums: Sequence[float | None], highest: Sequence[float | None]
) -> Iterator[ReportedValue]:
    trials = aggregate.n_episodes or len(sums) or None
    rewards: dict[str, Sequence[float | None]] = {"avg_sum_reward": sums, "avg_max_reward": highest}
    for metric in _METRICS:
        if _is_number(value := getattr(aggregate, metric)):
            unit = "%" if metric == SUCCESS else None
            yield ReportedValue(metric, value, group, unit, trials, _spread(rewards.get(metric, ()), trials))


def _spread(values: Sequence[float | None], trials: int | None) -> float | None:
    known = [value for value in values if value is not None and _is_number(value)]
    return stdev(known) if len(known) == trials and len(known) > 1 else None


def _is_number(value: float | None) -> bool:
    """Return whether it is one. LeRobot writes NaN where no episode had a value."""
    return value is not None and math.isfinite(value)
