//! A scripted world for tests.
