"""What the page says: every sentence and number on it, made of values, and how they are grouped for its templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.report.page import amount, shortened
from headstart.ship.neighbours import carries_sentence

MOST_NAMES = 500
"""Classes that the page lists; all of them are in GET /v1/model."""

_LOOKED = {
    "cam": "The lighter a place, the more it adds to the score of “{name}”: exact for this network.",
    "occlusion": "The lighter a place, the less likely “{name}” gets when it is covered: an estimate.",
}
"""What an overlay shows, by the way in which it was made."""


@dataclass(frozen=True)
class Accuracy:
    """How good the model was on its test pictures."""

    value: str
    pictures: str
    interval: str


@dataclass(frozen=True)
class ModelWords:
    """What the page says of the model; ``more`` is how many of its ``count`` classes aren't among ``classes``."""

    made_by: str
    knows: str
    classes: tuple[str, ...]
    count: str
    more: str
    accuracy: Accuracy | None
    carries: str
    footer: str


@dataclass(frozen=True)
class Bar:
    """A class with its probability; ``width`` is a percentage."""

    name: str
    share: str
    width: str


@dataclass(frozen=True)
class Alike:
    """A training picture that is like the one asked about; ``picture`` is the address of its thumbnail."""

    name: str
    picture: str
    cosine: str


@dataclass(frozen=True)
class Card:
    """One picture with its answer, or with the ``error`` for which it has none.

    ``picture`` and ``overlay`` are addresses of squares of the same size, ``fit`` is how the square was made;
    ``looked`` says what the overlay shows, or why there is none.
    """

    name: str = ""
    error: str = ""
    picture: str = ""
    fit: str = ""
    overlay: str = ""
    looked: str = ""
    top: tuple[Bar, ...] = ()
    doubt: str = ""
    more: str = ""
    similar: tuple[Alike, ...] = ()

    @property
    def title(self) -> str:
        """The answer in a few words."""
        return f"{self.top[0].name}, {self.top[0].share}" if self.top else "No answer"


def model_words(facts: Mapping[str, Any], classes: Sequence[str], carried: int) -> ModelWords:
    """Return what the page says of a model.

    Parameters
    ----------
    facts
        What GET /v1/model says, see `headstart.server.served.facts_of`.
    classes
        Their names.
    carried
        How many training pictures the model carries.
    """
    more = len(classes) - MOST_NAMES
    return ModelWords(
        made_by=" on ".join(str(facts[name]) for name in ("approach", "backbone") if name in facts),
        knows=f"It knows {len(classes):,} classes and no others: every picture gets one of them, also a picture of "
        "something else.",
        classes=tuple(shortened(name) for name in classes[:MOST_NAMES]),
        count=f"{len(classes):,} classes",
        more=f"and {more:,} more" if more > 0 else "",
        accuracy=_accuracy(facts.get("test", {})),
        carries=carries_sentence(carried) if carried else "",
        footer=f"headstart {facts['served_by']['headstart']}, {facts['served_by']['engine']}",
    )


def _accuracy(test: Mapping[str, Any]) -> Accuracy | None:
    figure = test.get("accuracy")
    if not figure:
        return None
    chance = f" Always answering the most frequent class: {_percent(test['chance'])}." if "chance" in test else ""
    pictures = f"on {amount(test['pictures'], 'picture')} held out from training" if "pictures" in test else ""
    return Accuracy(
        value=_percent(figure["value"]),
        pictures=f"accuracy {pictures}".strip(),
        interval=f"95% interval {_percent(figure['low'])} to {_percent(figure['high'])}.{chance}",
    )


def bars(classes: Sequence[str], probabilities: NDArray[np.float32], top: int) -> tuple[Bar, ...]:
    """Return the ``top`` most likely classes, the most likely first; ``probabilities`` is ``(n_classes,)`` float32."""
    order = np.argsort(-probabilities, kind="stable")[:top]
    return tuple(_bar(shortened(classes[i]), float(probabilities[i])) for i in order)


def more_classes(others: int) -> str:
    """Return what stands under the bars for so many ``others``; nothing for none."""
    return f"and {amount(others, 'class', 'classes')} more, each less likely than these" if others > 0 else ""


def doubt(probability: float, unsure_below: float) -> str:
    """Return in words that the model isn't sure; nothing where its highest ``probability`` is high enough."""
    if probability >= unsure_below:
        return ""
    return f"Not sure: of pictures about which it is this sure, {_about(1 - probability)} something else."


def _about(share: float) -> str:
    tenths, hundredths = round(10 * share), round(100 * share)
    if tenths >= 10:
        return "nearly all are"
    if tenths >= 1:
        return f"about {tenths} in 10 {'is' if tenths == 1 else 'are'}"
    return f"about {hundredths} in 100 {'is' if hundredths == 1 else 'are'}" if hundredths else "hardly any is"


def looked(method: str, name: str) -> str:
    """Return what an overlay for the class ``name`` shows."""
    return _LOOKED[method].format(name=shortened(name))


def share_of(probability: float) -> str:
    """Return a probability as a percentage; what is neither certain nor impossible never looks like that."""
    if probability >= 0.9995:
        return "> 99.9%"
    return _percent(probability) if probability >= 0.0005 else "< 0.1%"


def _bar(name: str, probability: float) -> Bar:
    return Bar(name, share_of(probability), f"{100 * probability:.1f}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
