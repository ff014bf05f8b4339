"""The spool keeps facts in their order, for their owner alone, within its size, and through a kill at any moment."""

from __future__ import annotations

import fcntl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from forebear.client.spool import Spool, SpoolFull

URL = "http://127.0.0.1:8080/forebear"


def fact(n: int) -> dict[str, str]:
    return {"kind": "Run", "id": f"run:{n}"}


def told(spool: Spool) -> list[str]:
    return [each.fact["id"] for each in spool.waiting()]


def test_facts_wait_in_their_order_and_refused_ones_move_aside(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "spool"
    spool = Spool(folder, URL)
    assert (spool.waiting(), spool.refused(), Spool.all(folder)) == ([], [], [])
    spool.add([fact(1), fact(2)])
    spool.add([fact(3), {"kind": "Run", "id": "run:4", "name": "späte \ud800"}])
    assert told(spool) == ["run:1", "run:2", "run:3", "run:4"]
    first, second = spool.waiting(2)
    assert spool.waiting(size=1) == [first]
    refused = replace(second, reasons=("status: expected a text",))
    with spool.sending():
        spool.settle([first, second], [refused])
    assert told(spool) == ["run:3", "run:4"]
    assert spool.refused() == [refused]
    assert [each.url for each in Spool.all(folder)] == [URL]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_kill_between_moving_aside_and_taking_out_moves_nothing_aside_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path, URL)
    spool.add([fact(1)])
    (first,) = spool.waiting()
    refused = replace(first, reasons=("no",))
    spool.settle([], [refused])
    spool.settle([first], [refused])
    assert (told(spool), spool.refused()) == ([], [refused])


def test_half_a_line_is_no_fact_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    spool = Spool(tmp_path, URL)
    spool.add([fact(1)])
    (file,) = tmp_path.glob("*.jsonl")
    with file.open("ab") as half:
        half.write(b'{"key": "')
    assert told(spool) == ["run:1"]
    spool.add([fact(2)])
    assert told(spool) == ["run:1", "run:2"]


def test_a_damaged_line_is_aside_by_itself_and_holds_nobody_up(tmp_path: Path) -> None:
    spool = Spool(tmp_path, URL)
    spool.add([fact(1)])
    (file,) = tmp_path.glob("*.jsonl")
    with file.open("ab") as damaged:
        damaged.write(b"\0\0\n[]\n")
    spool.add([fact(2)])
    assert [each.reasons for each in spool.waiting()] == [(), ("the line is damaged",), ("the line is damaged",), ()]


def test_a_writer_waits_for_no_process_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forebear.client.spool.LOCK_SECONDS", 0.01)
    spool = Spool(tmp_path, URL)
    spool.add([fact(1)])
    (lock,) = tmp_path.glob("*.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError, match="is held by another process"):
            spool.add([fact(2)])
    spool.add([fact(3)])
    assert told(spool) == ["run:1", "run:3"]


def test_a_full_spool_takes_no_more_and_keeps_what_it_has(tmp_path: Path) -> None:
    spool = Spool(tmp_path, URL, most=300)
    spool.add([fact(1), fact(2)])
    with pytest.raises(SpoolFull, match=r"\.jsonl is full \(\d+ of 300 bytes\): `forebear spool flush` sends it$"):
        spool.add([fact(3), fact(4)])
    assert told(spool) == ["run:1", "run:2"]
    spool.settle(spool.waiting(1), [])
    spool.add([fact(3)])
    assert told(spool) == ["run:2", "run:3"]


def test_writers_and_a_sender_do_not_disturb_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forebear.client.spool.LOCK_SECONDS", 60)

    def write(writer: int) -> None:
        for n in range(25):
            Spool(tmp_path, URL).add([fact(100 * writer + n)])

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for each in writers:
        each.start()
    spool, sent = Spool(tmp_path, URL), []
    while any(each.is_alive() for each in writers) or spool.waiting():
        with spool.sending():
            some = spool.waiting(7)
            spool.settle(some, [])
            sent += [int(each.fact["id"][4:]) for each in some]
    assert sorted(sent) == [100 * writer + n for writer in range(4) for n in range(25)]
    assert all([n for n in sent if n // 100 == w] == sorted(n for n in sent if n // 100 == w) for w in range(4))
