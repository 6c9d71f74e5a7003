"""Routes of assignments: settings, problems, exceptions and analytics."""
