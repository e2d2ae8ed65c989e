"""The accounts room: people who can sign in, and how they are found."""
