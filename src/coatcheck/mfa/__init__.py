"""The second factors' room: authenticator apps, backup codes, browsers that are trusted."""
