"""Ctrl-C waits for a safe point, once."""

from __future__ import annotations

import signal
import threading

import pytest

from tiebreak.agents.calling.interrupts import SafePoints


def test_ctrl_c_is_raised_at_the_next_check_and_not_before() -> None:
    with SafePoints() as safe:
        safe.check()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            safe.check()
        safe.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_does_not_wait() -> None:
    with SafePoints() as safe:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            safe.check()


def test_one_that_no_check_saw_is_raised_at_the_end() -> None:
    with pytest.raises(KeyboardInterrupt), SafePoints():
        signal.raise_signal(signal.SIGINT)


def test_another_threads_calls_leave_the_handler_alone() -> None:
    seen = []

    def work() -> None:
        with SafePoints():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
