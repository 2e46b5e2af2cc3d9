--TEST--
phpinfo() has a table of the extension
--EXTENSIONS--
reverb
--FILE--
<?php
(new ReflectionExtension('reverb'))->info();
?>
--EXPECTF--
reverb

Reverb => enabled
Version => %d.%d.%d
Server running in this process => no
Ways to publish => process, unix, http, https
