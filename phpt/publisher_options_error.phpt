--TEST--
A publisher's wrong option is named
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

attempt(fn () => new Reverb\Publisher([]));
attempt(fn () => publisher(['key' => '']));
attempt(fn () => publisher(['secret' => null]));
attempt(fn () => publisher(['port' => 0]));
attempt(fn () => publisher(['hots' => 'localhost']));
attempt(fn () => publisher(['scheme' => 'wss']));
attempt(fn () => publisher(['timeout' => 'long']));
attempt(fn () => publisher(['socket' => "\xff"]));
attempt(fn () => new Reverb\Publisher(1));
?>
--EXPECT--
Reverb\ConfigurationException: the publisher's option `app_id` must be a non-empty string
Reverb\ConfigurationException: the publisher's option `key` must be a non-empty string
Reverb\ConfigurationException: the publisher's option `secret` must be a non-empty string
Reverb\ConfigurationException: the publisher's option `port` must be between 1 and 65535, not 0
Reverb\ConfigurationException: the publisher has no option `hots`
Reverb\ConfigurationException: the publisher's option `scheme` must be `http` or `https`, not `wss`
Reverb\ConfigurationException: the publisher's option `timeout` must be an integer
Reverb\ConfigurationException: the configuration value `socket` must be a UTF-8 string, a number, a boolean, null or an array
TypeError: Invalid value given for argument `options`.
