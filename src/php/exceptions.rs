//! The exceptions that PHP sees: plain classes that PHP code can extend and mock.

use std::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

use ext_php_rs::{
    builders::ClassBuilder,
    error::Result,
    exception::PhpException,
    ffi::{ext_php_rs_compiler_globals, zend_hash_str_find_ptr_lc},
    zend::{ClassEntry, ce},
};

use crate::{
    client::{OptionsError, PublishError},
    server::{ConfigError, ServerError},
};

/// A class that was registered at module start; null before. Stored anew at each module start.
struct Class(AtomicPtr<ClassEntry>);

static EXCEPTION: Class = Class::unregistered();
static CONFIGURATION: Class = Class::unregistered();
static SERVER: Class = Class::unregistered();
static PUBLISH: Class = Class::unregistered();

/// Registers the class tree. To be called from MINIT only.
pub(super) fn register() -> Result<()> {
    ClassBuilder::new("Reverb\\Exception")
        .extends((runtime_exception, "\\RuntimeException"))
        .registration(|class, _| EXCEPTION.store(class))
        .register()?;
    let base = (|| EXCEPTION.entry()) as fn() -> &'static ClassEntry;
    ClassBuilder::new("Reverb\\ConfigurationException")
        .extends((base, "\\Reverb\\Exception"))
        .registration(|class, _| CONFIGURATION.store(class))
        .register()?;
    ClassBuilder::new("Reverb\\ServerException")
        .extends((base, "\\Reverb\\Exception"))
        .registration(|class, _| SERVER.store(class))
        .register()?;
    ClassBuilder::new("Reverb\\PublishException")
        .extends((base, "\\Reverb\\Exception"))
        .registration(|class, _| PUBLISH.store(class))
        .register()
}

/// A value in a configuration that cannot be used.
pub(super) fn configuration(message: String) -> PhpException {
    CONFIGURATION.exception(message)
}

/// A server that cannot be started or used.
pub(super) fn server(message: String) -> PhpException {
    SERVER.exception(message)
}

/// An argument outside its range, in the words that PHP's own functions use.
pub(super) fn value_error(message: String) -> PhpException {
    PhpException::new(message, 0, ce::value_error())
}

impl From<OptionsError> for PhpException {
    fn from(error: OptionsError) -> Self {
        configuration(error.to_string())
    }
}

impl From<ConfigError> for PhpException {
    fn from(error: ConfigError) -> Self {
        configuration(error.to_string())
    }
}

impl From<ServerError> for PhpException {
    fn from(error: ServerError) -> Self {
        server(error.to_string())
    }
}

impl From<PublishError> for PhpException {
    fn from(error: PublishError) -> Self {
        PUBLISH.exception(error.to_string())
    }
}

impl Class {
    const fn unregistered() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    fn store(&self, class: &'static mut ClassEntry) {
        self.0.store(class, Ordering::Release);
    }

    /// The class, or PHP's own `Exception` should it be asked for before its registration.
    fn entry(&self) -> &'static ClassEntry {
        // SAFETY: null, or a class that the engine keeps until the module shuts down.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }.unwrap_or_else(ce::exception)
    }

    /// Zend reads messages up to a NUL byte, and ext-php-rs refuses them; a value in a message may contain one.
    fn exception(&self, message: String) -> PhpException {
        PhpException::new(message.replace('\0', "\\0"), 0, self.entry())
    }
}

/// SPL registers this class before any extension that is loaded from a file.
fn runtime_exception() -> &'static ClassEntry {
    const NAME: &str = "RuntimeException";
    // SAFETY: MINIT runs on PHP's thread; the class table exists since the engine's start.
    let classes = unsafe { (*ext_php_rs_compiler_globals()).class_table };
    // SAFETY: the name is read up to its length; the classes found live as long as the engine.
    let class = unsafe { zend_hash_str_find_ptr_lc(classes, NAME.as_ptr().cast(), NAME.len()) };
    // SAFETY: the class table holds pointers to class entries.
    unsafe { class.cast::<ClassEntry>().as_ref() }.unwrap_or_else(ce::exception)
}
