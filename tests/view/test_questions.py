"""The documents by which questions are known ahead: every question, now and as it was known, each a statement."""

from typing import cast

from forebear.api.answering.executor import Executor
from forebear.app import schema_of
from forebear.graph.kinds import GRAPH
from forebear.graph.query.dialect import Dialect, Engine
from forebear.store import Store
from forebear.store.statements import questions
from forebear.view.questions import likely_queries


def test_every_question_is_known_ahead_now_and_as_it_was_known() -> None:
    for question in questions(GRAPH):
        if question.decided or question.verb != "query":
            continue
        for engine in Engine:
            executor = Executor(schema_of(), cast(Store, None), Dialect(GRAPH, engine))
            statements = [each for query in likely_queries(question, GRAPH) for each in executor.statements(*query)]
            known = ["2026-01-01T00:00:00.000000Z" in parameters.values() for _, parameters in statements]
            assert set(known) == ({False} if question.timeless else {False, True}), question.name
