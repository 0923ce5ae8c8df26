"""All ordinary notebooks: importing a module of them adds them to the stock."""

from tests.agreement import cells, names, surroundings
from tests.agreement.stock import STOCK, Notebook

__all__ = ["STOCK", "Notebook", "cells", "names", "surroundings"]
