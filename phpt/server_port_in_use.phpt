--TEST--
A port that is in use is named
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$other = stream_socket_server('tcp://127.0.0.1:0');
$port = (int) substr(strrchr(stream_socket_get_name($other, false), ':'), 1);
attempt(fn () => Reverb\Server::start(configuration(['port' => $port])));
?>
--EXPECTF--
Reverb\ServerException: cannot listen on 127.0.0.1:%d: the address is already in use; stop the other server or choose another port
