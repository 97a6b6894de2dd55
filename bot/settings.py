"""The only reader of the environment."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
