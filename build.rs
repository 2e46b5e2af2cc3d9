//! Link arguments of the extension.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // PHP unloads extensions at its end; a native thread may still be on its way out of our code.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
