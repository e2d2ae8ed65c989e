"""What each fact says about each method, with its source: the table behind the default rules."""
