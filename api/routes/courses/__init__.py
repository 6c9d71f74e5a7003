"""Routes of courses: settings, people, files and the audit log."""
