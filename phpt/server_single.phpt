--TEST--
There is one server per process, and another one after it
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$first = Reverb\Server::start(configuration());
attempt(fn () => Reverb\Server::start(configuration()));
$first->stop(0);
$second = Reverb\Server::start(configuration());
unset($second);
$third = Reverb\Server::start(configuration());
echo $third->port() > 0 ? 'third' : '', "\n";
attempt(fn () => new Reverb\Server);
attempt(fn () => clone $third);
?>
--EXPECTF--
Reverb\ServerException: a %s in this process%S; stop it first
third
Error: Call to private Reverb\Server::__construct() from global scope
Error: Trying to clone an uncloneable object of class Reverb\Server
