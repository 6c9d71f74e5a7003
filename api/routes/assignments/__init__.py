"""Assignment routes: settings, problems, exceptions and analytics."""
