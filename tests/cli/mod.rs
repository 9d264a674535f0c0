//! The program as its users meet it: arguments, answers, exit codes, files left behind.
