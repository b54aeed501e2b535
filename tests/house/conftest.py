"""The tree is read once for all tests of the house."""

from __future__ import annotations

import pytest
from measure import ROOT
from tree import Tree


@pytest.fixture(scope="session")
def tree() -> Tree:
    return Tree(ROOT)
