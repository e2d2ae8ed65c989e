"""The http room: what every answer and every request share, with no flow in it: cookies, checks, problems, pages."""
