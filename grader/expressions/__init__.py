"""Expressions and formulas: parsed into bounded trees, evaluated, compared by sampling."""
