--TEST--
A signal handler may stop the server that is polled
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration());
pcntl_async_signals(true);
pcntl_signal(SIGTERM, function () use ($server) {
    $server->stop(0);
    echo "stopped\n";
});
pcntl_signal(SIGALRM, fn () => exec('kill -TERM '.getmypid()));
pcntl_alarm(1);
do {
    $server->poll(30000);
} while (@stream_socket_client("tcp://127.0.0.1:{$server->port()}"));
echo "end\n";
?>
--EXPECT--
stopped
end
