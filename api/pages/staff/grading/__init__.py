"""Pages for marking answers by hand."""
