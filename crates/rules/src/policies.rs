//! What policy assignments do about workspace identities.
