"""Authentication, errors, paging and limits at the HTTP border."""
