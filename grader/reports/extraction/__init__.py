"""Extraction of passages: values of a document with their words, labels and forms."""
