dnl The extension is built by cargo: see Makefile.frag. phpize, pecl and PIE all come through here.

PHP_ARG_ENABLE([reverb],
  [whether to enable reverb],
  [AS_HELP_STRING([--enable-reverb], [Enable reverb])],
  [yes])

PHP_ARG_WITH([cargo],
  [for cargo],
  [AS_HELP_STRING([--with-cargo=PATH], [cargo to build reverb with; looked for in PATH and ~/.cargo/bin by default])],
  [no],
  [no])

if test "$PHP_REVERB" != "no"; then
  if test "`$PHP_CONFIG --vernum`" -lt 80200; then
    AC_MSG_ERROR([reverb needs PHP 8.2 or newer])
  fi

  if test "$PHP_CARGO" != "no" && test "$PHP_CARGO" != "yes"; then
    CARGO=$PHP_CARGO
  else
    AC_PATH_PROG([CARGO], [cargo], [no], [$PATH:$HOME/.cargo/bin])
  fi
  if test "$CARGO" = "no"; then
    AC_MSG_ERROR([reverb is written in Rust and needs cargo: install it from https://rustup.rs, or name it by --with-cargo=PATH])
  fi
  PHP_SUBST([CARGO])
  PHP_SUBST([PHP_CONFIG])

  REVERB_SRCDIR=`cd "PHP_EXT_SRCDIR([reverb])" && pwd`
  PHP_SUBST([REVERB_SRCDIR])

  PHP_ADD_BUILD_DIR([$ext_builddir/modules])
  dnl `make` builds what is in this list, and `make test` reads the module's name from the .la file.
  PHP_MODULES="$PHP_MODULES \$(phplibdir)/reverb.la"
  PHP_ADD_MAKEFILE_FRAGMENT([$REVERB_SRCDIR/Makefile.frag], [$REVERB_SRCDIR])
fi
