//! Exports the program's own `clock_gettime` and `getrandom`, so that libraries that look these up while the program runs find them.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg=-rdynamic");
}
