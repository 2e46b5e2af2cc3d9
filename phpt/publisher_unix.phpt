--TEST--
From another process an event takes the unix socket
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
    $publisher->publish(['news', 'weather'], 'Moved', '{}');
    echo $publisher->route(), "\n";
});

in_child(fn () => publisher(['socket' => $socket, 'secret' => 'wrong'])->publish(['news'], 'Moved', '{}'));
in_child(fn () => publisher(['socket' => $socket, 'app_id' => '2'])->publish(['news'], 'Moved', '{}'));
echo implode("\n", array_map(fn ($notice) => "{$notice['title']}: {$notice['message']}", $server->poll(0))), "\n";
$server->stop(0);
var_dump(file_exists($socket));
?>
--EXPECTF--
unix
no exception
child exited with 0
Reverb\PublishException: the Reverb server at %s.sock refuses the secret of application `1`, or has no such application; compare REVERB_APP_ID and REVERB_APP_SECRET here and there, then run: php artisan reverb:restart
child exited with 0
Reverb\PublishException: the Reverb server at %s.sock refuses the secret of application `2`, or has no such application; compare REVERB_APP_ID and REVERB_APP_SECRET here and there, then run: php artisan reverb:restart
child exited with 0
Publisher Connected: process %d, user %d, group %d, application 1
Broadcasting To: news
Broadcasting To: weather
Publisher Refused: process %d, user %d, group %d, application 1, wrong secret
Publisher Refused: process %d, user %d, group %d, application 2, unknown
bool(false)
