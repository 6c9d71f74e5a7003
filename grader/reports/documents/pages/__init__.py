"""Pages of positioned glyphs as blocks: rows, scripts, fractions, arrays, tables, paragraphs."""
