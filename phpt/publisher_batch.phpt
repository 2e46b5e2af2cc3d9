--TEST--
A batch takes every way
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$socket = socket_path();
$server = Reverb\Server::start(configuration(['socket' => $socket, 'debug' => true]));
$http = ['scheme' => 'http', 'host' => '127.0.0.1', 'port' => $server->port()];
$batch = [
    ['channels' => ['a', 'b'], 'event' => 'Moved', 'data' => '{}'],
    ['channels' => ['c'], 'event' => 'Moved', 'data' => '{}', 'socket_id' => '1.2'],
];

foreach ([['socket' => $socket], $http] as $options) {
    in_child(function () use ($options, $batch) {
        $publisher = publisher($options);
        $publisher->publishBatch($batch);
        $publisher->publishBatch([]);
        echo $publisher->route(), "\n";
    });
}

publisher()->publishBatch($batch);
echo json_encode(published($server)), "\n";
attempt(fn () => publisher()->publishBatch([$batch[0], ['event' => 'Moved']]));
$server->stop(0);
?>
--EXPECT--
unix
no exception
child exited with 0
http
no exception
child exited with 0
["a","b","c","a","b","c","a","b","c"]
TypeError: Reverb\Publisher::publishBatch(): Argument #1 ($events) must be a list of arrays with a list of strings `channels` and strings `event`, `data` and, if there is one, `socket_id`; number 1 is not
