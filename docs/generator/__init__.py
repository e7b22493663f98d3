"""Makes the pages of the site that nobody writes: from README, from the command line, from the changelog."""
