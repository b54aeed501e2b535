"""The whole error tree.

    TiebreakError                 anything Tiebreak raises on purpose          exit 1
    ├── UsageError                the caller asked for something impossible    exit 2
    │   ├── ConfigError           tiebreak.toml or labels.yaml is wrong
    │   ├── LabelError            a label that the schema does not have
    │   ├── InputError            a file or column that cannot be read
    │   └── PriceMissing          a budget over a model without a price
    ├── MissingPackage            an optional package is not installed         exit 1
    ├── StoreError                the database refused                         exit 1
    │   ├── StoreCorrupt          its file is damaged
    │   ├── StoreBusy             another process holds the project
    │   ├── UnknownRecord         a record id that the store does not have
    │   └── Conflict              somebody else wrote first
    ├── ModelFileError            a saved classifier head is damaged           exit 1
    ├── LLMError                  the agent's model did not answer             exit 1
    │   ├── LLMUnavailable        down, unreachable or too slow
    │   ├── LLMRejected           the server answered "no" (4xx)
    │   └── LLMForbidden          the kill switch is on
    ├── AccessError               a request to the app that is not let in      exit 1
    │   ├── Unauthorised          without a valid pass
    │   └── Forbidden             from another site's page
    └── BudgetExceeded            the next call could pass the budget          exit 3

Every message is built from three parts: the fact, the offending value, the mend.
"""

from __future__ import annotations


class TiebreakError(Exception):
    """Base of the tree.

    Args:
        fact: what is wrong, with the offending value in it.
        mend: what the user can do about it, as a sentence or a command.
    """

    exit_code = 1

    def __init__(self, fact: str, *, mend: str = "") -> None:
        super().__init__(f"{fact} {mend}".rstrip() if mend else fact)
        self.fact = fact
        self.mend = mend


class UsageError(TiebreakError):
    """The caller asked for something that cannot be done as asked."""

    exit_code = 2


class ConfigError(UsageError):
    """``tiebreak.toml`` or ``labels.yaml`` cannot be used as it is."""


class LabelError(UsageError):
    """A label that the project's schema does not have."""


class InputError(UsageError):
    """An input file, or a column of it, that cannot be read."""


class PriceMissing(UsageError):
    """A budget was set, but the model has no price in ``tiebreak.toml``."""


class MissingPackage(TiebreakError):
    """An optional package is not installed; the message has the command that brings it."""


class StoreError(TiebreakError):
    """The database refused an operation."""


class StoreCorrupt(StoreError):
    """The database file is damaged or is not a database."""


class StoreBusy(StoreError):
    """Another process holds the project."""


class UnknownRecord(StoreError):
    """A record id that the store does not have."""


class Conflict(StoreError):
    """Somebody else wrote first; read again and retry."""


class ModelFileError(TiebreakError):
    """A saved classifier head is missing or damaged."""


class LLMError(TiebreakError):
    """The agent's model did not answer usefully."""


class LLMUnavailable(LLMError):
    """The server is down, unreachable, overloaded or too slow (after retries)."""


class LLMRejected(LLMError):
    """The server understood and said no: a 4xx other than 429. ``status`` is that number."""

    def __init__(self, fact: str, *, mend: str = "", status: int = 400) -> None:
        super().__init__(fact, mend=mend)
        self.status = status


class LLMForbidden(LLMError):
    """The kill switch forbids remote or paid calls."""


class AccessError(TiebreakError):
    """A request to the app that is not let in."""


class Unauthorised(AccessError):
    """The request's pass is missing, foreign or expired."""


class Forbidden(AccessError):
    """A browser says that another site's page made the request."""


class BudgetExceeded(TiebreakError):
    """The worst case of the next call would pass the budget."""

    exit_code = 3
