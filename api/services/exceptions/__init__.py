"""Exceptions for students or sections: extensions, excuses, late days."""
