"""Evaluations: how well the bot, its coach and its readers do what they promise."""
