"""The seed of a class: drawn once, and kept where the class is kept, until somebody asks for another one."""

import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Table, delete, insert, select

from autograder.grading import durable
from autograder.grading.errors import CourseError

NAME = "seed"
SEEDS = Table("autograder_seed", MetaData(), Column("seed", BigInteger, nullable=False))
"""A table beside those of nbgrader, which leaves it alone."""


def class_seed(folder: Path | None, session: Any, wanted: int | None = None) -> int:
    """Return the seed that decides the hidden inputs of a class, and keep it.

    Args:
        folder: the output folder, None where there is none.
        session: of SQLAlchemy with the gradebook; it is committed.
        wanted: takes the place of what is kept.

    Returns:
        The seed that is wanted, else that of the folder, else that of the gradebook, else a new one.

    Raises:
        CourseError: what the folder keeps is no seed.
    """
    in_folder, in_gradebook = _of_folder(folder), _of_gradebook(session)
    known = [seed for seed in (wanted, in_folder, in_gradebook) if seed is not None]
    seed = known[0] if known else secrets.randbits(32)
    if folder is not None and (in_folder is None or wanted is not None):
        durable.write(folder / NAME, f"{seed}\n".encode())
    if in_gradebook is None or wanted is not None:
        session.execute(delete(SEEDS))
        session.execute(insert(SEEDS).values(seed=seed))
        session.commit()
    return seed


def _of_folder(folder: Path | None) -> int | None:
    if folder is None:
        return None
    path = folder / NAME
    try:
        return int(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise CourseError(f"{path} holds no number: give the seed with --seed") from None


def _of_gradebook(session: Any) -> int | None:
    SEEDS.create(session.connection(), checkfirst=True)
    found: int | None = session.execute(select(SEEDS.c.seed)).scalar()
    session.commit()
    return found
