--TEST--
An address of another machine, and a socket file that cannot be made, are named
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

attempt(fn () => Reverb\Server::start(configuration(['host' => '192.0.2.1'])));
attempt(fn () => Reverb\Server::start(configuration(['socket' => '/nonexistent/reverb.sock'])));
?>
--EXPECTF--
Reverb\ServerException: cannot listen on 192.0.2.1:0: this machine does not have that address
Reverb\ServerException: cannot make the socket /nonexistent/reverb.sock: No such file or directory (os error 2); its directory must exist, be writable and have room
