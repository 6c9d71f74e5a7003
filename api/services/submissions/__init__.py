"""Submissions: prepared and graded outside of any transaction, stored by one writer."""
