"""Sandbox of worker processes that read files of students: refused system calls, hidden files."""
