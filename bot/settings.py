"""The only reader of the environment."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

NO_MODEL = "none"


class Settings(BaseSettings):
    """What can be set, each as INERTIA_NAME in the environment or in a file `.env` in the working folder."""

    model_config = SettingsConfigDict(env_prefix="INERTIA_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("inertia"), description="sessions, index, added articles")
    personas: Path | None = Field(
        default=None, description="a folder with personas of your own, beside those that ship"
    )
    database: str | None = Field(default=None, description="a SQLAlchemy URL; a SQLite file in `home` otherwise")
    seed: int | None = Field(default=None, ge=0, description="the seed of every session; one drawn for each otherwise")
    threads: int = Field(default=1, ge=1, le=64, description="threads of one encoder pass")
    ray: str | None = Field(default=None, description="address of a Ray cluster for evals; processes here otherwise")

    model: str | None = Field(default=None, description="PROVIDER:NAME of a chat model for every role; none otherwise")
    base_url: str | None = Field(default=None, description="address of an OpenAI-compatible server")
    api_key: SecretStr | None = Field(default=None, description="its key")
    prospect_model: str | None = Field(default=None, description="the model that speaks, or `none`")
    prospect_base_url: str | None = None
    prospect_api_key: SecretStr | None = None
    coach_model: str | None = Field(default=None, description="the model that coaches, or `none`")
    coach_base_url: str | None = None
    coach_api_key: SecretStr | None = None
    reader_model: str | None = Field(default=None, description="the model of the second reading, or `none`")
    reader_base_url: str | None = None
    reader_api_key: SecretStr | None = None
    judge_model: str | None = Field(default=None, description="the model that judges in evals, or `none`")
    judge_base_url: str | None = None
    judge_api_key: SecretStr | None = None
    temperature: float = Field(default=0.6, ge=0, le=2, description="of the model that speaks")
    first_word_s: float = Field(default=25, gt=0, description="most seconds to wait for a model's first word")
    stall_s: float = Field(default=8, gt=0, description="most seconds between two words")
    reply_s: float = Field(default=60, gt=0, description="most seconds for the prospect's whole line")
    feedback_s: float = Field(default=45, gt=0, description="most seconds for a model's feedback or second reading")
    calls_at_once: int | None = Field(
        default=None, ge=1, description="calls a server takes at once; 1 on this machine, 8 elsewhere when left out"
    )
    window: int = Field(default=8192, ge=1024, description="tokens of the model's window")
    spend_limit: float | None = Field(default=None, ge=0, description="most to spend in a month; drafts after that")

    @property
    def prices_file(self) -> Path:
        """Prices of a trainer's own, over those that ship."""
        return self.home / "prices.yaml"

    @property
    def database_url(self) -> str:
        """Where sessions are stored."""
        return self.database or f"sqlite:///{self.home / 'sessions.sqlite'}"

    @property
    def knowledge_folder(self) -> Path:
        """Where the index and added articles lie."""
        return self.home / "knowledge"

    @property
    def own_personas(self) -> Path:
        """Where a trainer's own personas lie."""
        return self.personas or self.home / "personas"
