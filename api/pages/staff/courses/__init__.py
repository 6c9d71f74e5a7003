"""Staff pages for a course: settings, people, files, exceptions and audit log."""
