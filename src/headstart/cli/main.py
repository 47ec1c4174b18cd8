"""The entry point: commands, exit codes, and the one place where expected errors are caught."""

from __future__ import annotations

import io
import os
import sys
import warnings

import cyclopts

from headstart import __version__
from headstart.cli import (
    backbones,
    cache,
    check,
    compare,
    demo,
    evaluate,
    export,
    features,
    fix,
    predict,
    pretrain,
    report,
    serve,
    train,
    tune,
)
from headstart.errors import HeadstartError, refusal

app = cyclopts.App(
    name="headstart",
    help="From a folder of pictures to an image classifier you can trust.",
    version=__version__,
    # --no-json and the like would say nothing that leaving the option out doesn't.
    default_parameter=cyclopts.Parameter(negative=()),
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # it is told below
)
for command in (
    check.check,
    fix.fix,
    train.train,
    compare.compare,
    report.report,
    pretrain.pretrain,
    tune.tune,
    predict.predict,
    evaluate.evaluate,
    export.export,
    serve.serve,
    features.features,
    cache.cache,
    backbones.backbones,
    demo.demo,
):
    app.command(command)


def main() -> None:
    """Run the command line.

    Exit 0 done, 1 an export that doesn't agree, 2 a user's mistake, 3 something missing, 130 interrupted.
    """
    # Pillow warns of large pictures; headstart has its own limit and reason code for them.
    warnings.filterwarnings("ignore", module="PIL")
    # Names of files may be no Unicode; what can't be printed is printed as an escape.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(exit_code())


def exit_code(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; what is expected to go wrong is told in one sentence on stderr."""
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        print(f"headstart: {' '.join(str(error).split())} See headstart --help.", file=sys.stderr)
        return 2
    except HeadstartError as error:
        print(f"headstart: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("headstart: interrupted; no result was written, and what the cache holds is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"headstart: {refusal(error)}", file=sys.stderr)
        return 3
    return 0
