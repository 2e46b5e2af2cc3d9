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

// Both share a connection; the patient one shows who is waited for, however slow the machine is.
$hasty = ['socket' => $socket, 'timeout' => 300];
$patient = ['socket' => $socket, 'timeout' => 20_000];

$timed = function (array $options): float {
    $began = hrtime(true);
    attempt(fn () => publisher($options)->publish(['news'], 'Moved', '{}'));

    return (hrtime(true) - $began) / 1e6;
};
$insist = function (array $options): void {
    for ($failure = ''; $failure !== null; ) {
        try {
            publisher($options)->publish(['news'], 'Moved', '{}');
            $failure = null;
        } catch (Reverb\PublishException $e) {
            $failure = $e->getMessage();
            preg_match('/did not answer within|still does not answer/', $failure) ?: exit($failure);
        }
    }
};

$insist($hasty);

// The first waits on a connection that there is, the second on one that nobody accepts.
foreach ([[], ['secret' => 'another']] as $secret) {
    signal_child($server, 'STOP');
    var_dump($timed($secret + $hasty) >= 300);
    $total = array_sum(array_map(fn () => $timed($secret + $patient), range(1, 3)));
    var_dump($total < 20_000);
    signal_child($server, 'CONT');
}

$insist($patient);
signal_child($server, 'KILL');
attempt(fn () => publisher($patient)->publish(['news'], 'Moved', '{}'));
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
Reverb\PublishException: the Reverb server is not running: nothing answers at %s.sock (Connection refused (os error 111)); start it with: php artisan reverb:start
