--TEST--
A forked child makes its own connection, and its parent's goes on
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$socket = socket_path();
$server = Reverb\Server::start(configuration(['socket' => $socket, 'debug' => true]));

in_child(function () use ($socket) {
    $publisher = publisher(['socket' => $socket]);
    $publisher->publish(['parent-1'], 'Moved', '{}');
    in_child(fn () => $publisher->publish(['child'], 'Moved', '{}'));
    $publisher->publish(['parent-2'], 'Moved', '{}');
});

echo json_encode(published($server)), "\n";
?>
--EXPECT--
no exception
child exited with 0
no exception
child exited with 0
["parent-1","child","parent-2"]
