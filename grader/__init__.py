"""The engine: reading, judging, scoring, diagnosing. Values in, values out; no files, no clock."""
