"""Problems of a course: uploaded, checked, listed, previewed, compared and retired."""
