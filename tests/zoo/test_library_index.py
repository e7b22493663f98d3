"""Names read from source files are the names the libraries give."""

from __future__ import annotations

import sys

from zoo.library_index import Source, timm_sources, torchvision_sources


def test_timm_names_are_those_that_timm_lists():
    import timm

    assert sorted(source.name for source in timm_sources()) == sorted(timm.list_models())


def test_torchvision_names_are_its_classifiers():
    from torchvision import models

    assert sorted(source.name for source in torchvision_sources()) == models.list_models(module=models)


def test_torchvision_weights_are_its_enumerations_with_the_default_first():
    from torchvision import models

    for source in torchvision_sources():
        known = models.get_model_weights(source.name)
        assert (source.weights[0], set(source.weights)) == (known.DEFAULT.name, {member.name for member in known})


def test_timm_tags_exist_and_the_first_is_the_default():
    import timm

    tagged = [source for source in timm_sources() if source.weights]
    assert len(tagged) > 0.75 * len(timm_sources())
    for source in tagged:
        assert timm.get_pretrained_cfg(source.name).tag == source.weights[0]
        assert all(timm.is_model_pretrained(f"{source.name}.{tag}") for tag in source.weights[:1])


def test_reading_a_library_does_not_import_it(tmp_path, monkeypatch):
    package = tmp_path / "timm"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "models" / "tiny.py").write_text("@register_model\ndef tiny_net(pretrained=False):\n    pass\n")
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert timm_sources() == [Source("tiny_net", "tiny", ())]


def test_a_tag_without_weights_or_in_a_comment_is_not_offered(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.py").write_text(
        "default_cfgs = generate_default_cfgs({\n    'tiny.untrained': _cfg(url=''),\n    'tiny.a': _cfg(url='http://x'),\n"
        "    'tiny.best*': _cfg(hf_hub_id='timm/'),\n    # 'tiny.old': _cfg(url='http://x'),\n})\n\n"
        "@register_model\ndef tiny(pretrained=False):\n    pass\n"
    )
    assert timm_sources(tmp_path) == [Source("tiny", "tiny", ("best", "a"))]


def test_a_library_that_is_not_installed_has_no_names(monkeypatch):
    monkeypatch.setattr("zoo.library_index.find_spec", lambda name: None)
    assert timm_sources() == torchvision_sources() == []
