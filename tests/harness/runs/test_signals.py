"""SIGTERM and SIGHUP as exceptions."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from harness.runs.signals import Terminated, signals_raise


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_raises_and_its_handler_comes_back(number, code):
    before = signal.getsignal(number)
    with pytest.raises(Terminated, match=number.name) as caught, signals_raise():
        os.kill(os.getpid(), number)
    assert caught.value.exit_code == code
    assert signal.getsignal(number) is before


def test_another_thread_may_run_without_handlers():
    seen = []

    def work():
        with signals_raise():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
