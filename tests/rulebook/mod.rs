//! Rulebooks: the shipped profiles, and what they say of commands and facts. Each scenario of the
//! regulations is a test under its own name, judged as the writer judges.

mod accounts;
mod board;
pub mod city;
mod incidents;
mod replies;
mod review;
mod shipped;
mod sites;
