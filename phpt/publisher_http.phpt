--TEST--
Without a unix socket an event takes HTTP
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['debug' => true, 'path' => 'ws']));
$http = ['scheme' => 'http', 'host' => '127.0.0.1', 'port' => $server->port(), 'path' => '/ws'];

in_child(function () use ($http) {
    $publisher = publisher($http + ['socket' => '/nonexistent']);
    $publisher->publish(['news'], 'Moved', '{"a":"ä"}', '1.2');
    $publisher->publish(['news'], 'Moved', '{}');
    echo $publisher->route(), "\n";
});
in_child(fn () => publisher($http + ['secret' => 'wrong'])->publish(['news'], 'Moved', '{}'));
in_child(fn () => publisher($http)->publish(['news'], 'Moved', str_repeat('x', 20000)));
echo json_encode(published($server)), "\n";
?>
--EXPECTF--
http
no exception
child exited with 0
Reverb\PublishException: the Reverb server at http://127.0.0.1:%d/ws refuses the secret of application `1`; compare REVERB_APP_SECRET here and there, then run: php artisan reverb:restart
child exited with 0
Reverb\PublishException: the event `Moved` is too large for the Reverb server at http://127.0.0.1:%d/ws (20000 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE
child exited with 0
["news","news"]
