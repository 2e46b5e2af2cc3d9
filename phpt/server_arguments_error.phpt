--TEST--
Arguments of a wrong type or range are refused as PHP does it
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$loop = [];
$loop['loop'] = &$loop;
attempt(fn () => Reverb\Server::start($loop));
attempt(fn () => Reverb\Server::start('nonsense'));

$server = Reverb\Server::start(configuration());
attempt(fn () => $server->poll(-1));
attempt(fn () => $server->stop(-1));
attempt(fn () => $server->poll('soon'));
?>
--EXPECT--
Reverb\ConfigurationException: the configuration value `loop.loop.loop.loop.loop.loop.loop.loop.loop.loop.loop.loop.loop.loop.loop.loop` must be nested less deeply
TypeError: Invalid value given for argument `config`.
ValueError: Reverb\Server::poll(): Argument #1 ($timeout) must be greater than or equal to 0
ValueError: Reverb\Server::stop(): Argument #1 ($grace) must be greater than or equal to 0
TypeError: Invalid value given for argument `timeout`.
