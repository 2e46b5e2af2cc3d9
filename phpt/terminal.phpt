--TEST--
The extension knows whether its process is to outlive the terminal
--EXTENSIONS--
reverb
--FILE--
<?php
preg_match('#/\S*reverb\.so#', file_get_contents('/proc/self/maps'), $library);

foreach (['--default-signal=HUP', '--ignore-signal=HUP'] as $option) {
    passthru("env {$option} ".PHP_BINARY." -n -d extension={$library[0]} -r 'var_dump(Reverb\\Server::outlivesTerminal());'");
}
?>
--EXPECT--
bool(false)
bool(true)
