"""SAML 2.0, as a service provider: people of a company sign in where their company keeps them.

leave:     AuthnRequest, signed where we have a key → the browser goes to the identity provider
identify:  the answer's size → its shape → its signature, by pinned keys → what was signed, read anew → each condition
           → the assertion spent → `Identity`

Only what the identity provider signed is read, and only as an answer to a request of ours: there is no sign-in that it
begins, and no single logout. All of it is loaded where the settings name a company; lxml and signxml with the first
answer (`read.py`).
"""
