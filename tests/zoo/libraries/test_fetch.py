"""Weights that are fetched come whole, gone on with where they broke off, or not at all, and that in one line."""

from __future__ import annotations

import hashlib
import os

import pytest
from huggingface_hub import constants

from tests.zoo.libraries.http_stand_in import serving
from zoo.errors import ZooError
from zoo.libraries.fetch import fetch, fetch_url
from zoo.weights_source import WeightsSource

BODY = os.urandom(3_000_000)
DIGITS = hashlib.sha256(BODY).hexdigest()[:8]
NAME = f"net-{DIGITS}.pth"
REPOSITORY = "owner/net"


def put_at(tmp_path, name=NAME):
    return tmp_path / "hub" / name


def test_a_file_is_fetched_whole_and_its_bytes_are_told_as_they_come(tmp_path):
    told = []
    with serving({f"/{NAME}": BODY}) as server:
        path = fetch_url(f"{server.url}/{NAME}", put_at(tmp_path), told.append)
    assert path.read_bytes() == BODY
    assert told[-1] == len(BODY)
    assert [file.name for file in path.parent.iterdir()] == [NAME]


def test_what_broke_off_is_kept_and_gone_on_with(tmp_path):
    with serving({f"/{NAME}": BODY}) as server:
        server.ends_after = 1_000_000
        with pytest.raises(ZooError, match=r"ended after 1,000,000 of 3,000,000 bytes|IncompleteRead|reset"):
            fetch_url(f"{server.url}/{NAME}", put_at(tmp_path))
        assert not put_at(tmp_path).exists()
        path = fetch_url(f"{server.url}/{NAME}", put_at(tmp_path))
        assert server.asked == [0, 1_000_000]
    assert path.read_bytes() == BODY


def test_a_server_that_cannot_go_on_sends_all_of_it_again(tmp_path):
    put = put_at(tmp_path)
    put.parent.mkdir()
    put.with_name(f"{NAME}.part").write_bytes(b"some other beginning")
    with serving({f"/{NAME}": BODY}) as server:
        server.resumes = False
        assert fetch_url(f"{server.url}/{NAME}", put).read_bytes() == BODY


def test_a_part_that_is_already_the_whole_is_taken(tmp_path):
    put = put_at(tmp_path)
    put.parent.mkdir()
    put.with_name(f"{NAME}.part").write_bytes(BODY)
    with serving({f"/{NAME}": BODY}) as server:
        assert fetch_url(f"{server.url}/{NAME}", put).read_bytes() == BODY
        assert server.asked == [len(BODY)]


def test_a_file_with_another_hash_is_refused_and_not_kept(tmp_path):
    with serving({f"/{NAME}": BODY[:-1]}) as server, pytest.raises(ZooError, match="is not the file that was meant"):
        fetch_url(f"{server.url}/{NAME}", put_at(tmp_path))
    assert list((tmp_path / "hub").iterdir()) == []


def test_a_file_that_is_not_there_and_a_host_that_is_away_are_one_line_each(tmp_path):
    with serving({}) as server, pytest.raises(ZooError, match=r"cannot download .*404"):
        fetch_url(f"{server.url}/{NAME}", put_at(tmp_path))
    with pytest.raises(ZooError, match="Connection refused") as refused:
        fetch_url(f"{server.url}/{NAME}", put_at(tmp_path))
    assert str(put_at(tmp_path)) in refused.value.remedy


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_the_exit_code_of_storage(tmp_path):
    put = put_at(tmp_path)
    put.parent.mkdir()
    put.with_name(f"{NAME}.part").symlink_to("/dev/full")
    with serving({f"/{NAME}": BODY}) as server, pytest.raises(ZooError, match="disk full") as full:
        fetch_url(f"{server.url}/{NAME}", put)
    assert full.value.exit_code == 4


def hugging_face(tmp_path, monkeypatch, server):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # kept from its import
    files = ("model.safetensors", "pytorch_model.bin")
    return WeightsSource(file_name="net.v1.safetensors", repository=REPOSITORY, files=files)


def test_the_first_file_that_a_repository_has_is_fetched(tmp_path, monkeypatch):
    with serving({f"/{REPOSITORY}/resolve/main/pytorch_model.bin": BODY}) as server:
        path = fetch(hugging_face(tmp_path, monkeypatch, server))
    assert (path.name, path.read_bytes()) == ("pytorch_model.bin", BODY)


def test_a_repository_out_of_reach_or_empty_is_one_line(tmp_path, monkeypatch):
    with serving({}) as server:
        source = hugging_face(tmp_path, monkeypatch, server)
        with pytest.raises(ZooError, match=r"owner/net has none of model.safetensors, pytorch_model.bin"):
            fetch(source)
    with pytest.raises(ZooError, match=r"cannot download model.safetensors of owner/net: 127.0.0.1 does not answer"):
        fetch(source)


def test_a_damaged_file_of_a_repository_is_removed_and_comes_whole_the_next_time(tmp_path, monkeypatch):
    name = f"/{REPOSITORY}/resolve/main/model.safetensors"
    with serving({name: BODY}) as server:
        source = hugging_face(tmp_path, monkeypatch, server)
        path = fetch(source)
        path.resolve().write_bytes(BODY[:-1])
        with pytest.raises(ZooError, match="came damaged"):
            fetch(source)
        assert fetch(source).read_bytes() == BODY
