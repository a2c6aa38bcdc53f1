//! Tests of the whole of scenario files: examples, and what is wrong with files that are not one.

mod examples;
