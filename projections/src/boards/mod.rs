//! Views across things, from entries with their private parts: disposable, recomputable.

pub mod names;
pub mod pages;
