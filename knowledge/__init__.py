"""What the coach knows: guides, further articles, and the search over both."""
