"""Course routes: settings, people, files and the audit log."""
