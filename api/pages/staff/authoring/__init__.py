"""Staff pages to write a problem: gallery of templates, editor with preview, checker."""
