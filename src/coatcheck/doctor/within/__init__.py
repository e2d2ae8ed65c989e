"""The doctor from within: settings and database, one file a principle, each check a few lines. Nothing is changed."""
