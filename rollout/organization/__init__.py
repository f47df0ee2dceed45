"""Who belongs to the organization, and what each account records."""
