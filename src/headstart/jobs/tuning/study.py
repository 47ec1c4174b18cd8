"""A search by Optuna, kept in one SQLite file that a kill can't spoil: all that `tune` knows of Optuna is here."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import MissingError, UserError
from headstart.jobs.tuning.spaces import Among, Space, Value, rule_of, size_of

if TYPE_CHECKING:
    import optuna

RANDOM_TRIALS = 5
"""So many trials are drawn at random before the sampler (TPE, Bergstra et al. 2011) learns from them."""

PRUNED_AFTER_TRIALS, PRUNED_AFTER_EPOCHS = 3, 3
"""A training is ended early if its best val loss is above the median of the others' at that epoch; not before so many
trials are complete, nor before so many epochs."""

FEWEST_TO_TELL = 10
"""Of fewer complete trials it isn't said what mattered."""

_PATIENCE_SECONDS = 30
"""So long is waited for another process to leave the file."""

_NAME = "headstart"
_IDENTITY, _RULE, _REPEATED, _FAILED, _FIGURES = "identity", "rule", "repeats", "failed", "figures"

_WORDS = {
    "dataset": "other pictures",
    "split": "another split",
    "approach": "another approach",
    "settings": "other options",
    "searched": "another space",
    "headstart": "another version of headstart",
}


@dataclass(frozen=True)
class Tried:
    """A complete trial: its number, what it chose, its figures on val, and how long it took."""

    number: int
    chosen: dict[str, Value]
    figures: dict[str, Any]

    @property
    def loss(self) -> float:
        """What is compared."""
        return float(self.figures["log_loss"])

    @property
    def seconds(self) -> float:
        """What the trial took."""
        return float(self.figures["seconds"])


class Asked:
    """A trial that is to be done: what it ``chosen``; one of `complete`, `fail` and `prune` must end it."""

    def __init__(self, study: optuna.Study, trial: optuna.Trial) -> None:
        self._study, self._trial = study, trial
        self.number = trial.number
        self.chosen: dict[str, Value] = dict(trial.params)
        self.is_rule = bool(trial.user_attrs.get(_RULE))

    def is_hopeless(self, epoch: int, loss: float) -> bool:
        """Note the val ``loss`` of an ``epoch``, from 1; return whether the trial should be ended early."""
        self._trial.report(loss, epoch)
        return bool(self._trial.should_prune())

    def complete(self, figures: Mapping[str, Any]) -> None:
        """End the trial with its ``figures`` on val, ``log_loss`` among them."""
        self._trial.set_user_attr(_FIGURES, dict(figures))
        self._study.tell(self._trial, figures["log_loss"])

    def fail(self, why: str | None = None) -> None:
        """End the trial without a result; it may be tried again unless it is said ``why`` that makes no sense."""
        import optuna

        if why:
            self._trial.set_user_attr(_FAILED, why)
        self._study.tell(self._trial, state=optuna.trial.TrialState.FAIL)

    def prune(self) -> None:
        """End the trial early."""
        import optuna

        self._study.tell(self._trial, state=optuna.trial.TrialState.PRUNED)


class Search:
    """What was tried, and what is to be tried next."""

    def __init__(self, study: optuna.Study, space: Space, seed: int) -> None:
        self._study, self._space, self._seed = study, space, seed
        self._end_killed()

    def ask(self) -> Asked | None:
        """Return the next trial, the fixed rule's choice first; None if all combinations were tried."""
        study = self._study
        if not self.rules_own() and not self._is_waiting():
            study.enqueue_trial(rule_of(self._space), user_attrs={_RULE: True})
        distributions = _distributions(self._space)
        while True:
            # What was killed may be tried again; what failed by itself would fail again.
            known = {_key(t.params): t for t in self._ended() if t.state.name != "FAIL" or _FAILED in t.user_attrs}
            combinations = size_of(self._space)
            if combinations is not None and len(known) >= combinations:
                return None
            with _quietly():
                trial = study.ask(distributions)
            before = known.get(_key(trial.params))
            if before is None or trial.user_attrs.get(_RULE):
                return Asked(study, trial)
            # It is told again what it knows, so that it looks elsewhere, and it isn't counted.
            trial.set_user_attr(_REPEATED, before.number)
            if before.state.name == "COMPLETE":
                study.tell(trial, before.value)
            else:
                study.tell(trial, state=before.state)
            study.enqueue_trial(self._untried(known))

    def complete(self) -> list[Tried]:
        """Return the trials that ended with a result."""
        return [
            Tried(trial.number, dict(trial.params), trial.user_attrs[_FIGURES])
            for trial in self._ended()
            if _FIGURES in trial.user_attrs
        ]

    def best(self) -> Tried | None:
        """Return the trial with the lowest loss, the first of those that are the same; None if there is none."""
        return min(self.complete(), key=lambda tried: (tried.loss, tried.number), default=None)

    def rules_own(self) -> Tried | None:
        """Return the fixed rule's trial; None if it wasn't complete yet."""
        numbers = {trial.number for trial in self._study.trials if trial.user_attrs.get(_RULE)}
        return next((tried for tried in self.complete() if tried.number in numbers), None)

    def counts(self) -> dict[str, int]:
        """Return how many trials are complete, pruned and failed."""
        states = [trial.state.name for trial in self._ended()]
        return {"complete": states.count("COMPLETE"), "pruned": states.count("PRUNED"), "failed": states.count("FAIL")}

    def importance(self) -> dict[str, float] | None:
        """Return each searched name's share of the differences in loss (fANOVA), the largest first; None if few ran.

        Hutter et al. 2014, "An efficient approach for assessing hyperparameter importance".
        """
        from optuna.importance import FanovaImportanceEvaluator, get_param_importances

        tried = self.complete()
        if len(tried) < FEWEST_TO_TELL or len({each.loss for each in tried}) < 2:
            return None
        with _quietly():
            shares = get_param_importances(self._study, evaluator=FanovaImportanceEvaluator(seed=self._seed))
        return {name: round(float(share), 4) for name, share in shares.items()}

    def _ended(self) -> list[optuna.trial.FrozenTrial]:
        """Return the trials that ended, but not those that only repeated another."""
        return [t for t in self._study.trials if t.state.is_finished() and _REPEATED not in t.user_attrs]

    def _is_waiting(self) -> bool:
        return any(t.state.name == "WAITING" and t.user_attrs.get(_RULE) for t in self._study.trials)

    def _end_killed(self) -> None:
        """Mark as failed what ran when an earlier search was killed."""
        import optuna

        for trial in self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)

    def _untried(self, known: Mapping[Any, Any]) -> dict[str, Value]:
        """Return a combination that wasn't tried yet, drawn at random; there is one."""
        random = np.random.default_rng([self._seed, len(self._study.trials)])
        while True:
            drawn = {
                name: each.values[random.integers(len(each.values))]
                for name, each in self._space.items()
                if isinstance(each, Among)
            }
            if _key(drawn) not in known:
                return drawn


def check_installed() -> None:
    """Raise `MissingError` unless Optuna is installed."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise MissingError("tune needs Optuna, which isn't installed: pip install 'headstart[tune]'.") from None


@contextmanager
def opened_search(path: Path, identity: Mapping[str, Any], space: Space, seed: int) -> Iterator[Search]:
    """Yield the search that is kept in the file ``path``, a new one if there is no file.

    Parameters
    ----------
    path
        An SQLite file.
    identity
        A JSON document: what must be the same for a search to go on.
    space
        What is searched.
    seed
        Of the sampler.

    Raises
    ------
    UserError
        If the file holds another search, or can't be read.
    MissingError
        If nothing can be written there.
    """
    import optuna
    from sqlalchemy.exc import DatabaseError

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    connections: list[sqlite3.Connection] = []

    def connected() -> sqlite3.Connection:
        connections.append(sqlite3.connect(path, timeout=_PATIENCE_SECONDS, check_same_thread=False))
        return connections[-1]

    try:
        with _quietly(), _readable(path):
            # By a function, not by an address in which a path would have to be escaped.
            storage = optuna.storages.RDBStorage("sqlite://", engine_kwargs={"creator": connected})
        study = optuna.create_study(
            storage=storage,
            study_name=_NAME,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(PRUNED_AFTER_TRIALS, PRUNED_AFTER_EPOCHS, n_min_trials=2),
        )
        with _quietly():
            # Another seed for what goes on: the same one would draw the same trials again.
            study.sampler = optuna.samplers.TPESampler(
                seed=seed + len(study.trials), n_startup_trials=RANDOM_TRIALS, multivariate=True
            )
        _check_identity(path.parent, study, dict(identity))
        yield Search(study, space, seed)
        storage.remove_session()
    except (DatabaseError, optuna.exceptions.StorageInternalError) as error:
        raise _storage_error(path, error) from error
    finally:
        for connection in connections:
            connection.close()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in a sentence what Optuna says of a file that another version of it wrote."""
    try:
        yield
    except RuntimeError as error:
        raise _storage_error(path, error) from error


def is_search(path: Path) -> bool:
    """Return whether ``path`` is an SQLite file, or empty, which is what a kill at the very beginning leaves."""
    with path.open("rb") as stream:
        return stream.read(16) in (b"SQLite format 3\0", b"")


def _storage_error(path: Path, error: Exception) -> UserError | MissingError:
    reason = str(error.__cause__ or error).splitlines()[0]
    if "full" in reason or "readonly" in reason or "I/O" in reason or "unable to open" in reason:
        return MissingError(f"the system refuses {path}: {reason}; what was tried so far is kept.")
    return UserError(f"{path} can't be used ({reason}); name a new folder, or delete it to search anew.")


def _check_identity(out: Path, study: optuna.Study, identity: dict[str, Any]) -> None:
    before = study.user_attrs.get(_IDENTITY)
    if before is None:
        study.set_user_attr(_IDENTITY, identity)
        return
    differing = [name for name in identity if before.get(name) != identity[name]]
    if differing:
        words = ", ".join(_WORDS.get(name, name) for name in differing)
        if "settings" in differing:
            names = [name for name, value in identity["settings"].items() if before["settings"].get(name) != value]
            words += f" ({', '.join('--' + name.replace('_', '-') for name in names)})"
        raise UserError(
            f"--out {out} holds a search with {words}; repeat its command to go on with it, or name a new folder."
        )


def _distributions(space: Space) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    return {
        name: CategoricalDistribution(each.values)
        if isinstance(each, Among)
        else FloatDistribution(each.low, each.high, log=True)
        for name, each in space.items()
    }


def _key(chosen: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(chosen.items()))


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep Optuna's warnings of what is experimental, or will change, from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
