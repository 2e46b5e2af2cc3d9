//! Placeholder.
#![allow(unsafe_code, reason = "the Zend API is C")]
