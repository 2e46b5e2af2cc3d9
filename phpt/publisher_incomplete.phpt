--TEST--
A publisher knows that an answer is not about all servers, whichever way it has come
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

// Nobody is at the port of this Redis.
$redis = ['channel' => 'reverb', 'servers' => [['host' => '127.0.0.1', 'port' => 1]]];
$socket = socket_path();
$server = Reverb\Server::start(configuration(['socket' => $socket, 'scaling' => $redis]));
$port = $server->port();

$ask = function (array $options) {
    $publisher = publisher($options);
    $before = $publisher->isComplete();
    $figures = $publisher->stats();
    echo json_encode([$before, $figures, $publisher->isComplete(), $publisher->route()]), "\n";
};

$ask([]);
in_child(fn () => $ask(['socket' => $socket]));
in_child(fn () => $ask(['scheme' => 'http', 'host' => '127.0.0.1', 'port' => $port]));
$server->stop(0);
?>
--EXPECT--
[true,{"connections":0,"channels":0},false,"process"]
[true,{"connections":0,"channels":0},false,"unix"]
no exception
child exited with 0
[true,{"connections":0,"channels":0},false,"http"]
no exception
child exited with 0
