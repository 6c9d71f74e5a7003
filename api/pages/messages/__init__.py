"""Pages beside the e-mail page: unsubscribing by a link, and the calendar."""
