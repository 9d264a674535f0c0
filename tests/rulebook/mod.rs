//! Rulebooks: the shipped profiles, and what they say of commands and facts.

mod shipped;
