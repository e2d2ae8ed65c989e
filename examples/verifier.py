"""Who checks the tokens of the little services beside this file: one token, drawn when a service starts.

A real service has a `Verifier("https://auth.example.org", audience="https://notes.example.org", credentials=…)` here,
with the id and secret that `coatcheck service create` gave it.
"""

from coatcheck.secret import new_secret
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Principal

TOKEN = new_secret().reveal()

verifier = FixedAuthenticator({TOKEN: Principal(subject="acc_ann", permissions=frozenset({"notes:read"}))})

print(f'curl -H "Authorization: Bearer {TOKEN}" http://localhost:8400/notes', flush=True)
