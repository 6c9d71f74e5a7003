"""Reports that students upload to an assignment: read, stored, confirmed as answers."""
