"""The session policy, on real Safes."""
