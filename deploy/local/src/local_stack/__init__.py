"""Dyadline on one machine: the real engines and the services, started, watched and stopped."""
