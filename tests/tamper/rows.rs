//! Whole rows.
