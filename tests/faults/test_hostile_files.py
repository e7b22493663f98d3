"""Faults 70, 71 and 78: files that would run code, lie about their sizes, or unpack elsewhere."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import re
import resource
import socket
import struct
import tarfile
import zipfile

import numpy as np
import pytest

import harness
from plugins.torchvision_datasets import open_named
from results.store.atomic import write_atomic
from results.store.run_store import RunStore
from tests.faults.runs import run
from tests.results.samples import record
from tests.source import PACKAGES, calls_of, files, imports_of
from zoo.errors import ZooError
from zoo.weights import Weights

# Below torch 2.10 no such file is read at all.
REFUSED = r"cannot be read|is not read: torch 2\.\d"
CARD = {
    "model": "mlp",
    "num_classes": 2,
    "classes": ["a", "b"],
    "head": "linear",
    "plugin_source": "",
    **dict.fromkeys(("channels", "stored_channels"), 1),
    **dict.fromkeys(("img_size", "short_side"), 8),
    "mean": [0.5],
    "std": [0.5],
    "interpolation": "bilinear",
}
SUFFIXES = (".pt", ".pth", ".bin", ".safetensors")


class Canary:
    """Unpickled, it makes a file."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture
def canary(tmp_path):
    """Bytes of a pickle that leaves a file behind where it is loaded; afterwards none may be there."""
    path = tmp_path / "canary"
    pickle.loads(pickle.dumps(Canary(path))).close()
    assert path.exists(), "the canary must sing where it is heard"
    path.unlink()
    yield pickle.dumps(Canary(path))
    assert not path.exists()


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path / "runs", "digits", {})


def zipped(content):
    """A pickle as torch.save puts it into an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", "3\n")
    return out.getvalue()


@pytest.mark.fault(70)
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("packed", [bytes, zipped])
def test_70_a_pickle_given_as_weights_is_refused_and_does_not_run(tmp_path, canary, suffix, packed):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(packed(canary))
    with pytest.raises(ZooError, match=REFUSED):
        Weights.parse(str(path)).load()


@pytest.mark.fault(70)
def test_70_a_pickle_given_with_weights_is_a_failed_row(tmp_path, canary):
    path = tmp_path / "weights.pt"
    path.write_bytes(zipped(canary))
    found = run(tmp_path / "runs", "good/tiny", "--no-isolation", "--weights", str(path))
    assert (found.code, found.records["good/tiny"].status) == (1, "failed")
    assert re.search(REFUSED, found.failure("good/tiny"))


@pytest.mark.fault(70)
@pytest.mark.parametrize("hostile", ["model.json", "model.safetensors"])
def test_70_a_pickle_in_a_checkpoint_does_not_run(tmp_path, canary, hostile):
    (tmp_path / "model.json").write_text(json.dumps(CARD))
    (tmp_path / hostile).write_bytes(canary)
    with pytest.raises(ZooError, match=r"is no checkpoint|do not fit"):
        harness.load(tmp_path)


@pytest.mark.fault(70)
@pytest.mark.parametrize("packed", [bytes, zipped])
def test_70_pickles_among_results_are_put_aside(store, canary, capsys, packed):
    (store.path / "records/evil.json").write_bytes(packed(canary))
    (store.path / "predictions/resnet18@s1.npz").write_bytes(packed(canary))
    assert (store.records(), store.predictions(record())) == ([], {})
    assert capsys.readouterr().err.count("was moved to corrupt/") == 2


@pytest.mark.fault(70)
def test_70_an_array_of_objects_is_put_aside(store, tmp_path, canary):
    out = io.BytesIO()
    np.savez(out, labels=np.array([Canary(tmp_path / "canary")], dtype=object))
    write_atomic(store.path / "predictions/resnet18@s1.npz", out.getvalue())
    assert store.predictions(record()) == {}
    assert len(list((store.path / "corrupt").iterdir())) == 1


@pytest.mark.fault(70)
@pytest.mark.parametrize(
    ("name", "place"),
    [("mnist", "MNIST/processed/training.pt"), ("cifar10", "cifar-10-batches-py/data_batch_1")],
)
def test_70_a_pickle_among_a_dataset_does_not_run(tmp_path, canary, monkeypatch, name, place):
    monkeypatch.setattr(socket.socket, "connect", refuse)
    path = tmp_path / "data" / place
    path.parent.mkdir(parents=True)
    for other in (path, path.with_name("test.pt"), path.with_name("test_batch")):
        other.write_bytes(canary)
    with pytest.raises(Exception, match=r"format of before 2021|could not be downloaded"):
        open_named(name, tmp_path / "data")


def refuse(*_):
    raise OSError("no network is used")


@pytest.mark.fault(70)
def test_70_nothing_of_ours_can_run_what_it_reads():
    banned = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml"}
    imported = {(path.name, found.top) for path in files(*PACKAGES) for found in imports_of(path)}
    assert {entry for entry in imported if entry[1] in banned} == set()
    called = [(path.name, call) for path in files(*PACKAGES) for call in calls_of(path)]
    runs_code = re.compile(r"(eval|exec|compile|os\.system|.*\.read_pickle|torch\.hub\.load)\(")
    assert [entry for entry in called if runs_code.match(entry[1]) or "shell=True" in entry[1]] == []


@pytest.mark.fault(70)
@pytest.mark.parametrize(
    ("module", "names", "plainly"),
    [("torch", ("torch",), "weights_only=True"), ("numpy", ("np", "numpy"), "allow_pickle=False")],
)
def test_70_every_load_of_torch_and_numpy_says_that_it_reads_plain_data(module, names, plainly):
    called = [(path.name, call) for path in files(*PACKAGES) for call in calls_of(path)]
    loads = [entry for entry in called if entry[1].startswith(tuple(f"{name}.load(" for name in names))]
    assert loads
    assert [entry for entry in loads if plainly not in entry[1]] == []
    assert f"{module}.load" not in {found.module for path in files(*PACKAGES) for found in imports_of(path)}


def tensors(header, length=None, data=b""):
    """A safetensors file with that header, and a length that need not be true."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(*shape, start=0, end=4):
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}


LIES = {
    "an endless header": tensors({}, length=2**63 - 1),
    "a header of gigabytes": tensors({}, length=2**32),
    "a header beyond the file": tensors({}, length=99),
    "overlapping tensors": tensors({"a": entry(1), "b": entry(1)}, data=b"1234"),
    "a tensor of 2**63": tensors({"a": entry(2**63 - 1, end=2**63 - 1)}, data=b"1234"),
    "a size that overflows": tensors({"a": entry(2**40, 2**40, end=4)}, data=b"1234"),
    "a negative offset": tensors({"a": entry(1, start=-4, end=0)}, data=b"1234"),
    "an end before its start": tensors({"a": entry(1, start=4, end=0)}, data=b"1234"),
    "data beyond the file": tensors({"a": entry(1000, end=4000)}, data=b"1234"),
    "a header that is no JSON": tensors(b"\xff{" * 50),
    "nothing": b"",
    "deep nesting": tensors(b"[" * 100_000),
}


@pytest.mark.fault(71)
@pytest.mark.parametrize("content", LIES.values(), ids=LIES)
def test_71_a_safetensors_file_that_lies_is_refused_without_taking_memory(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    before = memory_kib()
    with pytest.raises(ZooError, match="cannot be read"):
        Weights.parse(str(path)).load()
    assert memory_kib() - before < 64 * 1024


@pytest.mark.fault(71)
@pytest.mark.parametrize("content", LIES.values(), ids=LIES)
def test_71_a_checkpoint_that_lies_is_refused(tmp_path, content):
    card = {**CARD, "sha256": hashlib.sha256(content).hexdigest()}
    (tmp_path / "model.json").write_text(json.dumps(card))
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ZooError, match="do not fit"):
        harness.load(tmp_path)


def memory_kib():
    """The most that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.fault(78)
def test_78_nothing_of_ours_unpacks_an_archive():
    called = [(path.name, call) for path in files(*PACKAGES) for call in calls_of(path)]
    unpacks = re.compile(r"\.(extract|extractall|unpack_archive|extract_archive|download_and_extract_archive)\(")
    assert [entry for entry in called if unpacks.search(entry[1])] == []
    imported = {found.module for path in files(*PACKAGES) for found in imports_of(path)}
    unpackers = ("tarfile", "shutil.unpack_archive", "torchvision.datasets.utils")
    assert [module for module in imported if module.startswith(unpackers)] == []


@pytest.mark.fault(78)
def test_78_an_archive_that_is_not_the_dataset_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", refuse)
    data = tmp_path / "data"
    data.mkdir()
    with tarfile.open(data / "cifar-10-python.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("../escaped")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(ZooError, match="could not be downloaded"):
        open_named("cifar10", data)
    assert not (tmp_path / "escaped").exists()
