"""What is written to stdout while plugins are loaded goes to stderr, whoever writes it."""

from __future__ import annotations

import os
import subprocess
import sys

from zoo.manager.stdout import on_stderr


def test_everything_that_is_printed_inside_goes_to_stderr_and_what_comes_after_does_not(capfd):
    with on_stderr():
        print("Python", flush=True)
        os.write(1, b"C\n")
        subprocess.run(["echo", "another"], check=True)
    print("ours", flush=True)
    os.write(1, b"still ours\n")
    assert capfd.readouterr() == ("ours\nstill ours\n", "Python\nC\nanother\n")


def test_stdout_is_put_back_whatever_was_done_to_it(capfd):
    before, descriptors = sys.stdout, len(os.listdir("/dev/fd"))
    with on_stderr():
        sys.stdout = None
    print("ours", flush=True)
    assert sys.stdout is before
    assert capfd.readouterr().out == "ours\n"
    assert len(os.listdir("/dev/fd")) == descriptors
