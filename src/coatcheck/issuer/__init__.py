"""The issuer room: the authorization server that we are, as other machines see it."""
