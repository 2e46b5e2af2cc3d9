--TEST--
A server that does not run is told with the places where it was looked for
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$unused = stream_socket_server('tcp://127.0.0.1:0');
$port = (int) substr(strrchr(stream_socket_get_name($unused, false), ':'), 1);
fclose($unused);

$http = ['scheme' => 'http', 'host' => '127.0.0.1', 'port' => $port];
attempt(fn () => publisher(['socket' => '/nonexistent/reverb.sock'] + $http)->publish(['news'], 'Moved', '{}'));
attempt(fn () => publisher()->publish(['news'], 'Moved', '{}'));
var_dump(publisher()->route());
?>
--EXPECTF--
Reverb\PublishException: the Reverb server is not running: nothing answers at /nonexistent/reverb.sock (No such file or directory (os error 2)) nor at http://127.0.0.1:%d (Connection refused (os error 111)); start it with: php artisan reverb:start
Reverb\PublishException: there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start
string(0) ""
