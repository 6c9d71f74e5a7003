"""Variants: parameters drawn, keys computed, mistakes worked out."""
