"""Personas, scenarios, lines and the coach's phrases, as files."""
