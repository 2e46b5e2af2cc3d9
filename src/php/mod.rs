//! The binding to PHP: converts, calls, converts. The only folder that knows `ext_php_rs`, and the only unsafe one.
//!
//! It decides nothing about the protocol, and nothing runs when the module is loaded but the registration of classes:
//! php-fpm forks afterwards. What was made before a fork is told by its process id and left alone.
//! Native threads never call PHP; [`server::Server`] polls.
//!
//! A panic below a method becomes an `Error` (ext-php-rs does that); hooks catch theirs here.
//! There are no Rust tests in this folder, since they could not link: see `phpt/`.

#![allow(unsafe_code, reason = "the Zend API is C")]

use ext_php_rs::{prelude::*, zend::ModuleEntry};

mod arrays;
mod exceptions;
mod interrupt;
mod notices;
mod publisher;
mod running;
mod server;
mod terminal;

/// Describes the module to PHP.
#[php_module]
#[php(startup = startup)]
fn module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .class::<server::Server>()
        .class::<publisher::Publisher>()
        .info_function(information)
        .shutdown_function(shutdown)
}

/// MINIT: registers the exceptions, which are plain classes without a Rust part.
/// What a signal does is looked at now, as PHP changes it later; nothing is changed here.
unsafe extern "C" fn startup(_kind: i32, _module: i32) -> i32 {
    const SUCCESS: i32 = 0;
    const FAILURE: i32 = -1;
    terminal::look();
    match std::panic::catch_unwind(exceptions::register) {
        Ok(Ok(())) => SUCCESS,
        _ => FAILURE,
    }
}

/// MSHUTDOWN: stops a server that is still running, within a deadline, and prints nothing.
unsafe extern "C" fn shutdown(_kind: i32, _module: i32) -> i32 {
    // A panic has nobody left to be told to.
    let _ = std::panic::catch_unwind(running::shut_down);
    0
}

/// The table of `phpinfo()`.
extern "C" fn information(_module: *mut ModuleEntry) {
    let running = if running::is_running() { "yes" } else { "no" };
    ext_php_rs::info_table_start!();
    ext_php_rs::info_table_row!("Reverb", "enabled");
    ext_php_rs::info_table_row!("Version", env!("CARGO_PKG_VERSION"));
    ext_php_rs::info_table_row!("Server running in this process", running);
    ext_php_rs::info_table_row!("Ways to publish", "process, unix, http, https");
    ext_php_rs::info_table_end!();
}
