"""Names read from source files are the names the libraries give."""

from __future__ import annotations

import sys

import pytest

from zoo.libraries.library_index import Architecture, timm_architectures, torchvision_architectures


def test_timm_names_are_those_that_timm_lists():
    import timm

    assert sorted(arch.name for arch in timm_architectures()) == sorted(timm.list_models())


def test_torchvision_names_are_its_classifiers():
    from torchvision import models

    assert sorted(arch.name for arch in torchvision_architectures()) == models.list_models(module=models)


def test_torchvision_weights_are_its_enumerations_with_the_default_first():
    from torchvision import models

    for arch in torchvision_architectures():
        known = models.get_model_weights(arch.name)
        assert (arch.weights[0], set(arch.weights)) == (known.DEFAULT.name, {member.name for member in known})


def test_timm_tags_exist_and_the_first_is_the_default():
    import timm

    tagged = [arch for arch in timm_architectures() if arch.weights]
    assert len(tagged) > 0.75 * len(timm_architectures())
    for arch in tagged:
        assert timm.get_pretrained_cfg(arch.name).tag == arch.weights[0]
        assert all(timm.is_model_pretrained(f"{arch.name}.{tag}") for tag in arch.weights[:1])


@pytest.mark.fault(151)
def test_151_the_tags_of_every_architecture_are_those_that_timm_lists():
    """All of them: tables made by loops, names that carry a mark and no weights."""
    import timm

    known = {}
    for name in timm.list_pretrained():
        arch, _, tag = name.partition(".")
        known.setdefault(arch, set()).update({tag} - {""})  # a default without a tag, of old versions, has no name here
    ours = {arch.name: set(arch.weights) for arch in timm_architectures()}
    assert {name: tags for name, tags in ours.items() if tags != known.get(name, set())} == {}


@pytest.mark.fault(151)
def test_151_entries_that_a_loop_copies_are_found(tmp_path):
    """As timm 1.0.31 and 0.9.16 do it; the second has a list of names in place of notes."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "loops.py").write_text(
        "_SOURCE_CFGS = {\n    'a_net.one': _cfg(\n        hf_hub_id='x/y',\n    ),\n"
        "    'a_net.none': _cfg(hf_hub_id=''),\n}\n"
        "default_cfgs = generate_default_cfgs({\n    f'{name}{suffix}': dict(hf_hub_id='timm/')\n"
        "    for name, cfg in _SOURCE_CFGS.items()\n    for suffix in ('', '_enc')\n})\n\n"
        "@register_model\ndef a_net():\n    pass\n\n@register_model\ndef a_net_enc():\n    pass\n"
    )
    (tmp_path / "models" / "renaming.py").write_text(
        "default_cfgs = {\n    'b_old_net.one': _cfg(hf_hub_id='x/'),\n    'b_old_net.two': _cfg(hf_hub_id='x/'),\n}\n"
        "_cfgs = [\n    'b_old_net.two',\n]\ndefault_cfgs.update({n.replace('_old_', '_new_'): c for n in _cfgs})\n\n"
        "@register_model\ndef b_old_net():\n    pass\n\n@register_model\ndef b_new_net():\n    pass\n"
    )
    found = {arch.name: arch.weights for arch in timm_architectures(tmp_path)}
    assert found == {"a_net": ("one",), "a_net_enc": ("one",), "b_old_net": ("one", "two"), "b_new_net": ("two",)}


def test_reading_a_library_does_not_import_it(tmp_path, monkeypatch):
    package = tmp_path / "timm"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "models" / "tiny.py").write_text("@register_model\ndef tiny_net(pretrained=False):\n    pass\n")
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert timm_architectures() == [Architecture("tiny_net", "tiny", ())]


def test_a_tag_without_weights_or_in_a_comment_is_not_offered(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.py").write_text(
        "default_cfgs = generate_default_cfgs({\n    'tiny.untrained': _cfg(url=''),\n    'tiny.a': _cfg(url='http://x'),\n"
        "    'tiny.best*': _cfg(hf_hub_id='timm/'),\n    # 'tiny.old': _cfg(url='http://x'),\n})\n\n"
        "@register_model\ndef tiny(pretrained=False):\n    pass\n"
    )
    assert timm_architectures(tmp_path) == [Architecture("tiny", "tiny", ("best", "a"))]


def test_a_library_that_is_not_installed_has_no_names(monkeypatch):
    monkeypatch.setattr("zoo.libraries.library_index.find_spec", lambda name: None)
    assert timm_architectures() == torchvision_architectures() == []
