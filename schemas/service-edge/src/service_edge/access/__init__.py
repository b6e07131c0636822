"""Who may do what: credentials, roles, principals and rates, decided in one place for both services.

`guard.py` is the place: every request passes it. It asks `gate.py`, which knows the credentials (`token_files.py`,
`issuer.py`), the roles that an operation needs (`needs.py`) and the rates (`rates.py`). What a request carries is read
by `credentials.py`; who makes it, as routes and pages ask, is in `callers.py`.
"""
