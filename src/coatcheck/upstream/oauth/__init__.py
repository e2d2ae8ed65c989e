"""Signing in by OAuth 2.0 and OpenID Connect: leave for a provider, come back with a code, learn who somebody is.

leave:     discovery → (PAR) → the address to send the browser to
identify:  iss of the answer → error? → the code, redeemed once → ID token → userinfo → emails → `Identity`

See: RFC 6749, 7636, 9126, 9207, 9700; OpenID Connect Core 1.0.
"""
