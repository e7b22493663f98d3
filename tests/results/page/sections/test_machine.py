"""What a run was made with."""

from __future__ import annotations

from results.tables.markdown import made_with
from tests.results.page.parsed import page_of
from tests.results.runs import summary_of, trial

RUN = {
    "command": ["run", "--data-dir", "my leaves"],
    "harness": "0.1.0",
    "machine": {"os": "Linux 6.18", "memory_gib": 23.5},
    "data": {"classes": ["elm", "oak"], "num_train": 8412, "num_val": 0},
}


def facts(page):
    names, values = page.section("machine").all("dt"), page.section("machine").all("dd")
    return {name.text: value.text for name, value in zip(names, values, strict=True)}


def test_command_machine_and_data_are_those_below_the_written_table():
    page = page_of(trial("vit"), configuration=RUN)
    machine, data, command = (line.partition(": ") for line in made_with(summary_of(trial("vit")), RUN))
    assert (facts(page)["Machine"], facts(page)["Data"]) == (machine[2], data[2])
    assert page.section("machine").all("pre")[0].text == command[2] == "harness run --data-dir 'my leaves'"


def test_conditions_of_all_rows_and_sizes_of_the_data_are_there_and_what_is_not_known_is_not():
    said = facts(page_of(trial("vit"), configuration=RUN))
    known = {"threads": "2", "harness": "0.1.0", "system": "Linux 6.18", "images of train": "8,412", "classes": "2"}
    assert known.items() <= said.items()
    assert not {"images of val", "architecture", "folds", "accelerators"} & said.keys()


def test_a_run_that_kept_little_has_its_page_too():
    page = page_of(trial("vit"), configuration={})
    assert "This run did not keep its command." in page.section("machine").text
    assert page_of(configuration={}).section("machine").all("dt") == []


def test_how_the_intervals_were_computed_stands_below():
    assert "Wilson's interval" in facts(page_of(trial("vit")))["Error (95 %)"]
