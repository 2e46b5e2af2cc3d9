--TEST--
A server that does not answer is waited for once, and found again when it does
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$socket = socket_path();
$server = serve_in_child(['socket' => $socket]);
$publisher = publisher(['socket' => $socket, 'timeout' => 300]);
$publisher->publish(['news'], 'Moved', '{}');
$timed = function (callable $call): float {
    $began = hrtime(true);
    attempt($call);

    return (hrtime(true) - $began) / 1e6;
};

// The first waits on a connection that there is, the second on one that nobody accepts.
foreach ([$publisher, publisher(['socket' => $socket, 'timeout' => 300, 'secret' => 'another'])] as $stalled) {
    signal_child($server, 'STOP');
    var_dump($timed(fn () => $stalled->publish(['news'], 'Moved', '{}')) >= 300);
    $total = array_sum(array_map(fn () => $timed(fn () => $stalled->publish(['news'], 'Moved', '{}')), range(1, 3)));
    var_dump($total < 300);
    signal_child($server, 'CONT');
}

do {
    try {
        $publisher->publish(['news'], 'Moved', '{}');
        $failure = null;
    } catch (Reverb\PublishException $e) {
        $failure = $e->getMessage();
    }
} while ($failure !== null && str_contains($failure, 'still does not answer'));

var_dump($failure);
signal_child($server, 'KILL');
attempt(fn () => $publisher->publish(['news'], 'Moved', '{}'));
?>
--EXPECTF--
Reverb\PublishException: the Reverb server at %s.sock did not answer within 300 ms; it may be stopped or overloaded
bool(true)
Reverb\PublishException: the Reverb server at %s.sock still does not answer; nothing was sent, and nobody waits for it before it does
Reverb\PublishException: the Reverb server at %s.sock still does not answer; nothing was sent, and nobody waits for it before it does
Reverb\PublishException: the Reverb server at %s.sock still does not answer; nothing was sent, and nobody waits for it before it does
bool(true)
Reverb\PublishException: the Reverb server at %s.sock did not answer within 300 ms; it may be stopped or overloaded
bool(true)
Reverb\PublishException: the Reverb server at %s.sock still does not answer; nothing was sent, and nobody waits for it before it does
Reverb\PublishException: the Reverb server at %s.sock still does not answer; nothing was sent, and nobody waits for it before it does
Reverb\PublishException: the Reverb server at %s.sock still does not answer; nothing was sent, and nobody waits for it before it does
bool(true)
NULL
Reverb\PublishException: the Reverb server is not running: nothing answers at %s.sock (Connection refused (os error 111)); start it with: php artisan reverb:start
