//! Where optimised programs have their functions: those that a desk uses lie side by side
//! (`packaging/order.ld`), so that the rest is not mapped along with them. Nothing is missing without it.

use std::env;

/// Set to anything for a linker that does not take `INSERT` in its scripts: mold, gold.
const UNORDERED: &str = "GUICHET_UNORDERED";

fn main() {
    println!("cargo::rerun-if-changed=packaging/order.ld");
    println!("cargo::rerun-if-env-changed={UNORDERED}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && env::var_os(UNORDERED).is_none()
    {
        let root = env::var("CARGO_MANIFEST_DIR").expect("set by cargo");
        println!("cargo::rustc-link-arg-bins=-T{root}/packaging/order.ld");
    }
}
