"""``tiebreak.toml``: one settings model per project; unknown keys name the nearest known one."""

from __future__ import annotations

import difflib
import os
import tomllib
import warnings
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tiebreak.errors import ConfigError

FILE = "tiebreak.toml"
KILL_SWITCH = "TIEBREAK_NO_REMOTE_LLM"
"""Environment variable: any value but empty or 0 forbids calls to models off this machine."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectPart(_Part):
    """What the labels are for. ``seed`` fixes every choice by chance in the project."""

    name: str = "project"
    task: str = "Choose the label that fits the text best."
    seed: int = 0


class StorePart(_Part):
    """Where records and labels are kept. Empty ``url``: SQLite in the project folder."""

    url: str = ""


class EmbedderPart(_Part):
    """The text encoder. ``name``: ``onnx_minilm``, a sentence-transformers name, or a path.

    ``onnx_minilm`` is the default network, faster (the extra ``onnx``). ``batch_size`` (texts) and
    ``threads`` 0: as the encoder has it.
    """

    name: str = "all-MiniLM-L6-v2"
    batch_size: int = Field(0, ge=0)
    threads: int = Field(0, ge=0)


class IndexPart(_Part):
    """The vector index. ``near_duplicates_max``: above it near duplicates are not linked.

    ``kind``: ``auto`` (by size), ``faiss_flat``, ``faiss_ivf``, ``numpy_exact``.
    A batch from more than ``candidates_above`` records is chosen from a part of them.
    """

    kind: str = "auto"
    near_duplicate: float = Field(0.97, gt=0, le=1)
    near_duplicates_max: int = 100_000
    candidates_above: int = Field(200_000, ge=0)

    @field_validator("kind")
    @classmethod
    def _successor(cls, kind: str) -> str:
        if kind != "faiss_hnsw":
            return kind
        warnings.warn(
            "index.kind = 'faiss_hnsw' is gone and means 'faiss_ivf': write that, or 'auto'.",
            FutureWarning,
            stacklevel=2,
        )
        return "faiss_ivf"


class ImportPart(_Part):
    """Reading files. A longer text is not taken (and is reported)."""

    max_text_chars: int = Field(1_000_000, ge=1)


class SelectPart(_Part):
    """Choosing records. ``batch`` 0 means one per label, between 16 and 100."""

    strategy: str = "margin_kmeans"
    cold_strategy: str = "kmeans_seeds"
    batch: int = Field(0, ge=0)
    control_share: float = Field(0.10, gt=0, le=1)


class LearnPart(_Part):
    """The classifier. ``semi_supervised`` learns from unlabelled records too: better with few
    labels, and a fit takes seconds instead of tenths. ``auto`` is that one until logistic
    regression beats it on the project's own control arm."""

    head: str = "auto"


class AgentPart(_Part):
    """The labelling agent. ``name``: ``embedded``, ``none``, ``openai:<model>``, or
    ``recorded:<file>#<run>``, which says again what a model once said.

    ``base_url`` points ``openai:`` at any compatible server; ``key_env`` names the environment
    variable that holds the key. ``mode`` auto: ``score`` where the server gives logprobs.
    """

    name: str = "embedded"
    base_url: str = ""
    key_env: str = "OPENAI_API_KEY"
    mode: Literal["auto", "score", "generate"] = "auto"
    prompt: str = "classify"
    concurrency: int = Field(4, ge=1, le=64)
    timeout: float = Field(60.0, gt=0)
    retries: int = Field(5, ge=0)
    demonstrations: int = Field(8, ge=0)
    context_tokens: int = Field(8192, ge=256)
    top_logprobs: int = Field(20, ge=0)
    max_rationale_tokens: int = Field(200, ge=16)


class Price(_Part):
    """Money for a million tokens, in the project's currency."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(None, ge=0)


class BudgetPart(_Part):
    """What a project may spend on calls in all; None: no limit."""

    money: float | None = Field(None, ge=0)
    currency: str = "USD"


class RoutePart(_Part):
    """Both must reach these for agent and model, agreeing, to be *proposed*."""

    model_confidence: float = Field(0.9, ge=0, le=1)
    agent_confidence: float = Field(0.9, ge=0, le=1)


class PromisePart(_Part):
    """What may be labelled without a person, and the error that is promised of it.

    ``max_error`` None: nothing is labelled so. ``kind``: ``label`` is about the labels that no
    person looked at, ``dataset`` about all labels of the exported file. ``tiers``: another error
    for the labels of a tier in ``labels.yaml``, 0 for those that a person always decides.
    ``labels``: how many are learnt from before a policy is frozen (0: five a label, at least 100,
    at most a tenth of the pool). ``audits`` planned for each policy (0: a tenth of its candidates,
    100 to 2,000), ``audit_batch`` at a time.

    ``stream``: records keep coming. Those imported after a policy was frozen are labelled by it as
    they arrive, once their own audits allow that; a share ``audit_rate`` of them, drawn by lot, is
    audited for ever, at the rate with which the policy was frozen. ``unproven``: labels that are
    not proven yet are held back, or go out marked as unproved.
    """

    max_error: float | None = Field(None, gt=0, lt=1)
    confidence: float = Field(0.95, ge=0.5, lt=1)
    kind: Literal["label", "dataset"] = "label"
    tiers: dict[str, float] = {}
    labels: int = Field(0, ge=0)
    audits: int = Field(0, ge=0)
    audit_batch: int = Field(50, ge=1)
    stream: bool = False
    audit_rate: float = Field(0.1, gt=0, lt=1)
    unproven: Literal["hold", "mark"] = "hold"


class ReviewPart(_Part):
    """The review queue. ``blind_share`` of its cards, drawn by lot, show no machine's answer: the
    others are measured against them (`tiebreak people`)."""

    blind_share: float = Field(0.1, ge=0, le=1)


class PeoplePart(_Part):
    """Measuring people: the shares of their answers that `tiebreak people --queue` checks.

    ``gold``: records that others agree on; ``repeat``: their own again, a day later; ``second``:
    another person's; ``adjudicate``: of audits, for the errors that people share with the machine.
    """

    gold: float = Field(0.05, ge=0, le=1)
    repeat: float = Field(0.03, ge=0, le=1)
    second: float = Field(0.05, ge=0, le=1)
    adjudicate: float = Field(0.2, ge=0, le=1)


class Settings(_Part):
    """Everything in ``tiebreak.toml``."""

    project: ProjectPart = ProjectPart()
    store: StorePart = StorePart()
    embedder: EmbedderPart = EmbedderPart()
    index: IndexPart = IndexPart()
    imports: ImportPart = Field(ImportPart(), alias="import")
    select: SelectPart = SelectPart()
    learn: LearnPart = LearnPart()
    agent: AgentPart = AgentPart()
    prices: dict[str, Price] = {}
    budget: BudgetPart = BudgetPart()
    route: RoutePart = RoutePart()
    promise: PromisePart = PromisePart()
    review: ReviewPart = ReviewPart()
    people: PeoplePart = PeoplePart()

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def parse(raw: dict[str, Any], *, where: str = FILE) -> Settings:
    """Validate a settings mapping; every problem becomes one `ConfigError` with its mend."""
    try:
        return Settings.model_validate(raw)
    except ValidationError as problem:
        raise ConfigError(f"{where}: " + "; ".join(_say(e) for e in problem.errors())) from None


def load(folder: Path) -> Settings:
    """Settings of the project in *folder*."""
    path = folder / FILE
    if not path.is_file():
        raise ConfigError(
            f"{str(folder)!r} is not a project: it has no {FILE}.",
            mend=f"Make one with: tiebreak init {folder} --labels a,b,c",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: {problem}.", mend="Mend the TOML at that place.") from None
    return parse(raw, where=str(path))


def remote_forbidden() -> bool:
    """Whether the kill switch is on."""
    return os.environ.get(KILL_SWITCH, "") not in ("", "0")


def _say(error: Any) -> str:
    place = ".".join(str(p) for p in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{place} = {error['input']!r}: {error['msg']}."
    near = difflib.get_close_matches(str(error["loc"][-1]), _known(error["loc"][:-1]), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Remove it."
    return f"unknown key {place!r}. {hint}"


def _known(parents: tuple[str | int, ...]) -> list[str]:
    model: Any = Settings
    for parent in parents:
        names = {f.alias or n: f.annotation for n, f in model.model_fields.items()}
        model = Price if parent == "prices" or model is Price else names.get(str(parent))
        if not hasattr(model, "model_fields"):
            return []
    return [f.alias or n for n, f in model.model_fields.items()]
