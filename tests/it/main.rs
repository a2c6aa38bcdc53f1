//! Integration tests, one file a behaviour.
