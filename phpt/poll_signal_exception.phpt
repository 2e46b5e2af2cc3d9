--TEST--
What a signal handler throws leaves the poll
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration());
pcntl_async_signals(true);
pcntl_signal(SIGALRM, fn () => throw new LogicException('from the handler'));
attempt(function () use ($server) {
    pcntl_alarm(1);
    $server->poll(30000);
});
echo count($server->poll(0)), " notices\n";
?>
--EXPECT--
LogicException: from the handler
0 notices
