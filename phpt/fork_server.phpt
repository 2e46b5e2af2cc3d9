--TEST--
A forked child can neither use nor stop its parent's server
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['workers' => 2]));
in_child(fn () => $server->poll());
in_child(fn () => $server->stop());
in_child(function () {
    $own = Reverb\Server::start(configuration());
    echo $own->port() > 0 ? 'own server' : '', "\n";
});
echo is_resource(stream_socket_client("tcp://127.0.0.1:{$server->port()}")) ? 'still there' : 'gone', "\n";
?>
--EXPECTF--
Reverb\ServerException: this server runs in the parent process %d; it cannot be used after a fork
child exited with 0
Reverb\ServerException: this server runs in the parent process %d; it cannot be used after a fork
child exited with 0
own server
no exception
child exited with 0
still there
