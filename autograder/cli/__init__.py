"""The command line: one module for each group of commands, here put together in the order of a term."""

import inspect
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from autograder.cli.classes import check, grade, regrade, report
from autograder.cli.handing import export, extend, feedback
from autograder.cli.intake import collect
from autograder.cli.making import doctor, init, release, try_
from autograder.cli.reading import compare, explain, formgrader, similar
from autograder.cli.terminal import INTERRUPTED, stop
from autograder.grading.errors import CourseError
from autograder.grading.output import printable

COMMANDS: tuple[Callable[..., Any], ...] = (
    init,
    try_,
    release,
    collect,
    grade,
    formgrader,
    explain,
    similar,
    extend,
    regrade,
    report,
    compare,
    feedback,
    export,
    check,
    doctor,
)


def name_of(command: Callable[..., Any]) -> str:
    """Return what a command is called; a function that would have the name of a keyword ends in an underscore."""
    return command.__name__.rstrip("_")


commands = typer.Typer(
    help="Checks and grades the notebooks of the course.",
    add_completion=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
    says = inspect.getdoc(command) or ""
    # Left to itself, the list of commands cuts these sentences to the width of a line.
    commands.command(name_of(command), short_help=says.partition("\n\n")[0])(command)


def app() -> NoReturn:
    """Run the command line, or print what there is; a mistake is one clear line and exit code 2."""
    try:
        code = commands(sys.argv[1:] or ["--help"], standalone_mode=False)
    except CourseError as error:
        for line in error.said.splitlines():
            typer.echo(f"  | {printable(line)}", err=True)
        stop(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        stop("stopped", INTERRUPTED)
    except typer.TyperException as error:
        stop(error.format_message(), error.exit_code)
    except OSError as error:
        place = error.filename2 or error.filename or "the output"
        stop(f"{place} cannot be used ({error.strerror or error}): mend that, or name another place", 2)
    sys.exit(code if isinstance(code, int) else 0)
