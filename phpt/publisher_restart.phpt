--TEST--
A server that was restarted is found again without an error
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$socket = socket_path();
[$here, $there] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);

if (($pid = pcntl_fork()) === 0) {
    $publisher = publisher(['socket' => $socket]);

    while (trim(fgets($there)) === 'go') {
        attempt(fn () => $publisher->publish(['news'], 'Moved', '{}'));
        fwrite($there, "done\n");
    }

    exit;
}

foreach ([1, 2] as $round) {
    $server = Reverb\Server::start(configuration(['socket' => $socket]));
    fwrite($here, "go\n");
    fgets($here);
    $server->stop(0);
}

fwrite($here, "go\n");
fgets($here);
fwrite($here, "end\n");
pcntl_waitpid($pid, $status);
?>
--EXPECTF--
no exception
no exception
Reverb\PublishException: the Reverb server is not running: nothing answers at %s.sock (No such file or directory (os error 2)); start it with: php artisan reverb:start
