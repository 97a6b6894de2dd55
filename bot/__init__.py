"""The prospect, the assessor and the coach."""
