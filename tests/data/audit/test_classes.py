"""Classes that are small, uneven, named alike, missing in a part, or given away by their files."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from headstart.data.audit.classes import few_pictures, given_away, imbalance, missing_in_part, similar_names
from headstart.data.records import PictureRecord
from made_up import audited, dataset_with, named, record


def classes(**counts: int) -> tuple[PictureRecord, ...]:
    return dataset_with(counts).records


# --- few pictures ---------------------------------------------------------------------------------------------


def test_ten_pictures_are_not_few() -> None:
    assert few_pictures(audited(classes(ant=10, bee=11))) == []


def test_a_class_with_fewer_than_ten_pictures_is_a_warning() -> None:
    (finding,) = few_pictures(audited(classes(ant=9, bee=10)))
    assert (finding.code, finding.severity, finding.items) == ("few-pictures", "warning", ("ant",))
    assert finding.what == "1 class has fewer than 10 pictures: ant (9)."


def test_of_several_the_smallest_come_first_and_those_without_any_before_them() -> None:
    (finding,) = few_pictures(audited(classes(ant=9, bee=3, cow=5, dog=20), lost=["eel"]))
    assert finding.items == ("eel", "bee", "cow", "ant")
    assert finding.what == "4 classes have fewer than 10 pictures: eel (0); bee (3); cow (5); …."


# --- imbalance ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [{"ant": 39, "bee": 10}, {"ant": 100}, {}])
def test_classes_of_less_than_four_times_the_size_are_even(counts: dict[str, int]) -> None:
    assert imbalance(audited(classes(**counts))) == []


def test_a_class_four_times_as_large_as_another_is_a_warning_with_what_it_does_to_accuracy() -> None:
    (finding,) = imbalance(audited(classes(ant=10, bee=40, cow=30)))
    assert (finding.code, finding.severity, finding.items) == ("imbalance", "warning", ("bee", "ant"))
    assert finding.what == ("bee has 40 pictures, ant has 10: always answering bee is right for 50% of the pictures.")


# --- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("Ant", "ant"),
        ("hot dog", "hotdog"),
        ("hot dog", "hot_dog"),
        ("hot-dog", "hot  dog"),
        ("ant", "ant "),
        ("class 1", "class_1"),
        ("Straße", "STRASSE"),
        ("ﬁsh", "fish"),
        ("Käfer", unicodedata.normalize("NFD", "Käfer")),
    ],
)
def test_names_that_are_easily_taken_for_each_other_are_a_warning(names: tuple[str, str]) -> None:
    (finding,) = similar_names(audited(named(*(f"{name}/{i}.png" for i, name in enumerate(names)))))
    assert (finding.code, finding.severity) == ("similar-class-names", "warning")
    assert finding.items == (sorted(names),)
    assert finding.what == (
        "1 group of class names differs by case, spaces, hyphens or Unicode form alone: "
        f"{sorted(names)[0]!r} = {sorted(names)[1]!r}."
    )


@pytest.mark.parametrize(
    "names",
    [("ant", "ants"), ("1", "-1"), ("1.0", "10"), ("1 0", "10"), ("1-0", "10"), ("C", "C++"), ("é", "e"), ("+", "-")],
)
def test_names_that_mean_different_things_are_not_alike(names: tuple[str, str]) -> None:
    assert similar_names(audited(named(*(f"{name}/{i}.png" for i, name in enumerate(names))))) == []


def test_a_class_without_readable_pictures_has_a_name_too() -> None:
    (finding,) = similar_names(audited(named("ant/1.png"), lost=["Ant"]))
    assert finding.items == (["ant", "Ant"],)


def test_several_groups_of_names_are_several() -> None:
    (finding,) = similar_names(audited(named("Ant/1.png", "ant/1.png", "Bee/1.png", "bee/1.png")))
    assert finding.what == (
        "2 groups of class names differ by case, spaces, hyphens or Unicode form alone: 'Ant' = 'ant'; 'Bee' = 'bee'."
    )


# --- missing in a part ----------------------------------------------------------------------------------------


def in_parts(**labels: str) -> list[PictureRecord]:
    """Return a picture of each class, a letter, in each part."""
    return [record(label, f"{part} {label}", part) for part, own in labels.items() for label in own]


def test_parts_with_all_classes_lack_none() -> None:
    assert missing_in_part(audited(in_parts(train="ab", val="ab", test="ab"))) == []


def test_pictures_without_parts_lack_none() -> None:
    assert missing_in_part(audited(classes(ant=1, bee=1))) == []


def test_a_class_that_val_or_test_lacks_is_a_warning() -> None:
    (finding,) = missing_in_part(audited(in_parts(train="ab", val="a", test="ab")))
    assert (finding.code, finding.severity, finding.items) == ("class-missing-in-split", "warning", ("val: b",))
    assert finding.what == "1 class lacks pictures in a ready-made part: val: b."


def test_a_class_that_two_parts_lack_is_one_class() -> None:
    (finding,) = missing_in_part(audited(in_parts(train="ab", val="a", test="a")))
    assert (finding.count, finding.what) == (2, "1 class lacks pictures in a ready-made part: val: b; test: b.")


def test_a_class_that_train_lacks_is_an_error_beside_the_warning_of_others() -> None:
    error, warning = missing_in_part(audited(in_parts(train="a", val="bc", test="abc")))
    assert (error.severity, error.items) == ("error", ("train: b", "train: c"))
    assert error.what == "2 classes lack pictures in a ready-made part: train: b; train: c."
    assert (warning.severity, warning.items) == ("warning", ("val: a",))


# --- given away -----------------------------------------------------------------------------------------------


def told(records: tuple[PictureRecord, ...], **facts: Any) -> list[str | list[str]]:
    return [item for finding in given_away(audited(records, facts=facts)) for item in finding.items]


def test_classes_of_the_same_form_are_not_given_away() -> None:
    assert told(classes(ant=10, bee=10)) == []


@pytest.mark.parametrize(
    ("column", "values", "items"),
    [
        (
            "grey",
            [True] * 10 + [False] * 20,
            ["ant: grey (100%, elsewhere 0%)"],
        ),
        ("format", [1] * 10 + [0] * 20, ["ant: name 1 (100%, elsewhere 0%)"]),
        ("camera", [1] * 10 + [0] * 20, ["ant: camera name 1 (100%, elsewhere 0%)"]),
        ("width", [64] * 10 + list(range(100, 120)), ["ant: 64 x 200 pixels (100%, elsewhere 0%)"]),
        ("grey", [True] * 9 + [False] * 21, ["ant: grey (90%, elsewhere 0%)"]),
        ("grey", [True] * 10 + [True] * 2 + [False] * 18, ["ant: grey (100%, elsewhere 10%)"]),
        ("grey", [True] * 8 + [False] * 22, []),
        ("grey", [True] * 10 + [True] * 3 + [False] * 17, []),
    ],
)
def test_what_nine_of_ten_pictures_of_a_class_have_and_one_of_ten_others_gives_it_away(
    column: str, values: list[int], items: list[str]
) -> None:
    assert told(classes(ant=10, bee=10, cow=10), **{column: values}) == items


def test_of_two_classes_both_are_given_away() -> None:
    (finding,) = given_away(audited(classes(ant=5, bee=5), facts={"grey": [True] * 5 + [False] * 5}))
    assert (finding.code, finding.severity, finding.count) == ("class-given-away", "warning", 2)
    assert finding.what == (
        "A network could tell classes by the form of their files: ant: grey (100%, elsewhere 0%); "
        "bee: coloured (100%, elsewhere 0%)."
    )


def test_pictures_that_name_no_camera_are_said_so() -> None:
    looked_at = audited(classes(ant=5, bee=5), facts={"camera": [1] * 5 + [0] * 5})
    (finding,) = given_away(replace(looked_at, pictures=replace(looked_at.pictures, names=("", "Acme"))))
    assert finding.items == (
        "ant: camera Acme (100%, elsewhere 0%)",
        "bee: no camera named (100%, elsewhere 0%)",
    )


def test_width_and_height_are_a_size_together() -> None:
    wide, high = np.array([300, 300, 300, 200, 200, 200]), np.array([200, 200, 200, 300, 300, 300])
    assert told(classes(ant=3, bee=3), width=wide, height=high) == [
        "ant: 300 x 200 pixels (100%, elsewhere 0%)",
        "bee: 200 x 300 pixels (100%, elsewhere 0%)",
    ]


def test_two_pictures_are_too_few_to_give_their_class_away() -> None:
    assert told(classes(ant=2, bee=30), grey=[True] * 2 + [False] * 30) == ["bee: coloured (100%, elsewhere 0%)"]


def test_a_class_alone_is_not_given_away() -> None:
    assert told(classes(ant=9), grey=True) == []


# --- odd names ------------------------------------------------------------------------------------------------


def test_names_with_brackets_and_braces_are_left_as_they_are() -> None:
    odd, other = "[one|two] {n}", "[One|two] {n}"
    looked_at = audited([record(odd, "x", "train"), record(other, "y", "test")])
    texts = " ".join(
        finding.what for check in (few_pictures, similar_names, missing_in_part) for finding in check(looked_at)
    )
    assert texts.count(odd) == texts.count(other) == 3
