"""Reports: blocks of a document, passages in them, and the parts that the passages answer."""
