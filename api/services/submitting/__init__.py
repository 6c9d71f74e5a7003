"""Submissions: judged outside of any transaction, admitted and written by one writer."""
