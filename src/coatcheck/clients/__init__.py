"""The clients room: services, which are machines that sign in, and what each of them proves itself by."""
