"""Grammar of arithmetic and formulas: characters, tokens, parser, and its errors."""
