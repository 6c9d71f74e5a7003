"""Rosters of platforms: compared with the people of a course, which they join."""
