"""Faults 72-77, 79 and 80: names and texts of strangers, planted links, secrets, networks."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import socket
import sys
import threading
from contextlib import contextmanager
from html.parser import HTMLParser

import numpy as np
import pytest

from results.errors import StoreError
from results.store.codec import from_json
from results.store.file_names import trial_slug
from results.store.run_store import RunStore
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.json_table import json_table
from results.tables.markdown import markdown_table
from results.tables.render import render, screen
from tests.faults.runs import run
from tests.results.nasty import NASTY
from tests.results.page.parsed import Page, page_of
from tests.results.runs import summary_of, trial
from tests.results.samples import keep_predictions, record

SECRET = "hunter2-canary"
HOSTILE = summary_of(*(trial(text, wrong=range(n), facts={"weights": text}) for n, text in enumerate(NASTY)))


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path / "runs", "digits", {})


@pytest.mark.fault(72)
@pytest.mark.parametrize("name", [*NASTY, "CON", "nul.txt", "x.", "a\0b", "..", ".", "", "Tiny", "tiny"])
def test_72_no_name_of_a_model_or_dataset_leaves_the_run_s_folder(tmp_path, name):
    output = tmp_path / "deep" / "runs"
    store = RunStore.create(output, name, {})
    hostile = record(name)
    store.save(hostile)
    store.save_failure(hostile, name)
    keep_predictions(store, hostile, {"labels": np.arange(2)})
    (store.work / "weights").touch()
    weights = store.adopt(store.work / "weights", f"checkpoints/{trial_slug(name, hostile.seed)}/weights")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 5
    assert all(path.resolve().is_relative_to(store.path.resolve()) for path in written)
    assert (store.path.parent, list(output.iterdir())) == (output, [store.path])
    assert weights.parents[1] == store.path / "checkpoints"
    assert store.records() == [hostile]


@pytest.mark.fault(72)
def test_72_names_that_differ_in_case_only_have_different_files_on_every_system(store):
    for name in ("tiny", "Tiny", "TINY"):
        store.save(record(name))
    names = [path.name.lower() for path in (store.path / "records").iterdir()]
    assert (len(set(names)), len(store.records())) == (3, 3)


@pytest.mark.fault(73)
@pytest.mark.parametrize("status", ["ok", "failed"])
def test_73_markdown_shows_tags_and_scripts_as_text(status):
    summary = summary_of(*(trial(text, status=status, cause=text if status == "failed" else "") for text in NASTY))
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)
    parser.feed(markdown_table(summary, {"command": ["run", "<script>alert(1)</script>"]}).decode())
    assert tags == []


@pytest.mark.fault(73)
def test_73_a_page_shows_tags_and_scripts_as_text():
    texts = [text.replace("<", "(").replace("&", "+") for text in NASTY]
    hostile, harmless = (page_of(*(trial(text, status="failed", cause=text) for text in of)) for of in (NASTY, texts))
    assert [element.tag for element in hostile.root.all()] == [element.tag for element in harmless.root.all()]


@pytest.mark.fault(74)
def test_74_no_cell_of_the_csv_is_a_formula():
    rows = list(csv.reader(io.StringIO(csv_table(flat(HOSTILE)).decode(), newline="")))
    assert len(rows) == 1 + len(NASTY)
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)


@pytest.mark.fault(75)
@pytest.mark.parametrize("names", [{"007", "1e3", "1_000"}, {"a|b", "a||b"}])
def test_75_names_that_look_like_numbers_or_cells_stay_as_they_are(names):
    summary = summary_of(*(trial(name) for name in sorted(names)))
    in_markdown = [line.replace("&#124;", "¦").split("|")[2] for line in table_lines(summary)]
    shown = {cell.replace("\\", "").replace("◆", "").replace("¦", "|").strip() for cell in in_markdown}
    assert shown == names
    assert {row["model"] for row in json.loads(json_table(summary, flat(summary), {}))["rows"]} == names
    assert all(any(f" {name} " in line for line in screen(summary, 100)) for name in names)


def table_lines(summary):
    lines = markdown_table(summary, {}).decode().splitlines()
    return [line for line in lines if line.startswith("|")][2:]


@pytest.mark.fault(75)
def test_75_no_control_character_reaches_a_terminal_or_a_table():
    texts = [*screen(HOSTILE, 120), *markdown_table(HOSTILE, {}).decode().splitlines()]
    assert [text for text in texts if not text.isprintable()] == []
    assert "\x1b" not in csv_table(flat(HOSTILE)).decode()


@pytest.mark.fault(76)
@pytest.mark.parametrize("name", ["records", "predictions", "failures", "checkpoints", "retried", "work"])
def test_76_a_folder_that_was_replaced_by_a_link_is_not_written_through(store, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    if (store.path / name).exists():
        (store.path / name).rmdir()
    else:
        store.save(record())
    (store.path / name).symlink_to(outside)
    with pytest.raises(StoreError, match="is a symbolic link"):
        {
            "records": lambda: store.save(record()),
            "predictions": lambda: keep_predictions(store, record(), {"labels": np.arange(2)}),
            "failures": lambda: store.save_failure(record(), "text"),
            "checkpoints": lambda: store.adopt(store.work / "weights", "checkpoints/resnet18@s1/weights"),
            "retried": lambda: store.retire(record()),
            "work": lambda: store.work / "x",
        }[name]()
    assert list(outside.iterdir()) == []


@pytest.mark.fault(76)
def test_76_what_is_damaged_is_not_moved_through_a_link(store, tmp_path):
    (store.path / "corrupt").symlink_to(tmp_path)
    (store.path / "records/bad.json").write_bytes(b"{")
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.records()
    assert (store.path / "records/bad.json").read_bytes() == b"{"


@pytest.mark.fault(76)
@pytest.mark.parametrize("name", ["table.md", "table.csv", "table.json", "records/resnet18@s1.json"])
def test_76_a_link_planted_at_a_file_s_place_is_replaced_or_put_aside(store, tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (store.path / name).symlink_to(precious)
    store.save(record())
    render(store)
    assert (precious.read_text(), (store.path / name).is_symlink()) == ("precious", False)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A run with secrets around it; and what it bound, listened on, or connected to."""
    touched = []

    def watch(name):
        real = getattr(socket.socket, name)

        def call(self, *arguments):
            if self.family != socket.AF_UNIX:
                touched.append((name, arguments))
            return real(self, *arguments)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("bind", "listen", "connect", "connect_ex"):
            patch.setattr(socket.socket, name, watch(name))
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("WANDB_API_KEY", SECRET)
        command = ["harness", "run", f"--wandb-key={SECRET}", "--api-token", SECRET, f"https://me:{SECRET}@host/x"]
        patch.setattr(sys, "argv", command)
        with sampled() as sockets:
            found = run(tmp_path_factory.mktemp("watched"), "good/tiny")
    return found, touched, sockets


@contextmanager
def sampled():
    """The internet sockets that this process and its descendants hold meanwhile, and did not hold before."""
    before, seen, over = internet_sockets(os.getpid()), set(), threading.Event()

    def sample():
        while not over.wait(0.1):
            seen.update(internet_sockets(os.getpid()) - before)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def internet_sockets(ancestor):
    """The internet sockets that a process or a descendant of it holds open."""
    held = set()
    for pid in descendants(ancestor):
        try:
            targets = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        held |= {target[8:-1] for target in targets if target.startswith("socket:[")}
    listed = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/net/{table}") as lines:
            listed |= {line.split()[9] for line in lines if ":" in line.split()[0]}
    return held & listed


def descendants(ancestor):
    found = [ancestor]
    for pid in found:
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                found += [int(child) for child in children.read().split()]
        except OSError:
            continue
    return found


@pytest.mark.fault(77)
def test_77_no_secret_of_the_environment_or_the_command_line_is_written_down(watched):
    found = watched[0]
    written = [path for path in found.store.path.rglob("*") if path.is_file()]
    assert (found.code, len(written) > 5) == (0, True)
    assert [path for path in written if SECRET.encode() in path.read_bytes()] == []
    assert found.store.configuration["command"][1:4] == ["--wandb-key=***", "--api-token", "***"]


@pytest.mark.fault(77)
def test_77_a_record_s_machine_says_nothing_of_its_owner(watched):
    (trial_record,) = watched[0].store.records()
    text = json.dumps(dict(trial_record.machine))
    assert socket.gethostname() not in text
    assert os.path.expanduser("~") not in text.split('"')
    assert {"env", "environ", "host", "user", "path"} & trial_record.machine.keys() == set()


@pytest.mark.fault(79)
def test_79_no_table_refers_to_anything_that_a_reader_s_program_would_load(watched):
    command = {"command": ["![x](http://evil/x.png)"]}
    written = [(watched[0].store.path / "table.md").read_text(), markdown_table(HOSTILE, command).decode()]
    assert [text for text in written if re.search(r"https?://|(?<!\\)!\[|<(img|script|link|iframe)\b", text)] == []


@pytest.mark.fault(79)
def test_79_a_page_forbids_itself_every_request(watched):
    page = Page((watched[0].store.path / "report.html").read_text())
    (policy,) = [meta.attributes["content"] for meta in page.root.all("meta") if "http-equiv" in meta.attributes]
    assert {"default-src 'none'", "connect-src 'none'", "form-action 'none'"} <= set(policy.split("; "))


@pytest.mark.fault(79)
def test_79_showing_results_needs_no_network(store, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    store.save(record())
    render(store)
    assert from_json((store.path / "records/resnet18@s1.json").read_bytes()) == record()


@pytest.mark.fault(80)
def test_80_a_run_listens_nowhere_and_asks_no_network(watched):
    assert watched[1] == []


@pytest.mark.fault(80)
@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="only Linux lists its sockets in /proc")
def test_80_no_process_that_a_run_starts_holds_an_internet_socket(watched):
    assert watched[2] == set()
