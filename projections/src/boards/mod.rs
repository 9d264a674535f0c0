//! Views across things, from entries with their private parts: disposable, recomputable.

pub mod compliance;
pub mod names;
pub mod pages;
