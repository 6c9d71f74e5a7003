"""Pages of a course for staff: settings, people, files, exceptions, audit log."""
