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
$handled = 0;
pcntl_signal(SIGALRM, function () use (&$handled) {
    $handled++;
    pcntl_alarm(1);
});

pcntl_alarm(1);
$begin = hrtime(true);
$notices = $server->poll(30000);
$seconds = (hrtime(true) - $begin) / 1e9;
echo $handled > 0 ? 'handled' : 'not handled', "\n";
echo count($notices), ' notices, ', $seconds < 20 ? 'early' : "after {$seconds} s", "\n";
?>
--EXPECT--
handled
0 notices, early
