"""Result pages: statistics, gradebook and the grades of one student."""
