"""Problems: uploads, checks, publication, versions and search."""
