--TEST--
A signal ends a poll at once, and its handler has run then
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['workers' => 2]));
pcntl_async_signals(true);
pcntl_signal(SIGALRM, function () {
    echo "handled\n";
});

pcntl_alarm(1);
$begin = hrtime(true);
$notices = $server->poll(30000);
$seconds = (hrtime(true) - $begin) / 1e9;
echo count($notices), ' notices, ', $seconds < 5 ? 'early' : "after {$seconds} s", "\n";
?>
--EXPECT--
handled
0 notices, early
