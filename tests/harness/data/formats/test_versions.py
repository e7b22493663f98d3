from harness.data.formats import versions
from harness.data.formats.versions import decoder_version, decoders


def test_everything_that_decodes_is_named():
    assert decoders().keys() >= {"zoo", "pillow", "jpg", "processor"}
    assert all(decoders().values())


def test_another_version_of_anything_is_another_name(monkeypatch):
    names = {decoder_version()}
    for key in decoders():
        monkeypatch.setattr(versions, "decoders", lambda key=key: decoders() | {key: "other"})
        names.add(decoder_version())
    assert len(names) == 1 + len(decoders())
