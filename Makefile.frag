# cargo itself knows whether anything has to be built. It optimises across crates only if nothing but the cdylib is made.
.PHONY: reverb-cargo
reverb-cargo:
	cd "$(REVERB_SRCDIR)" && PHP="$(PHP_EXECUTABLE)" PHP_CONFIG="$$(command -v $(PHP_CONFIG))" CARGO_TARGET_DIR="$(top_builddir)/target" $(CARGO) rustc --release --locked --lib --crate-type cdylib

$(phplibdir)/reverb.la: reverb-cargo
	$(mkinstalldirs) $(phplibdir)
	cp "$(top_builddir)/target/release/libreverb.so" $(phplibdir)/reverb.so
	echo "dlname='reverb.so'" > $(phplibdir)/reverb.la
