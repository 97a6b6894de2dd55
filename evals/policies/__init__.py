"""Simulated reps: eleven ways of selling, seeded, which hear the buyer and know only the public brief."""
