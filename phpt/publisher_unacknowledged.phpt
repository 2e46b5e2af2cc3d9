--TEST--
Events that are not waited for arrive though their process ends, and failures are told later
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$socket = socket_path();
$server = Reverb\Server::start(configuration(['socket' => $socket, 'debug' => true]));

// No more than --debug shows of a second...
in_child(function () use ($socket) {
    $publisher = publisher(['socket' => $socket, 'acknowledge' => false]);

    for ($number = 1; $number <= 900; $number++) {
        $publisher->publish(["news.$number"], 'Moved', '{}');
    }
});

$arrived = [];

while (count($arrived) < 900 && $notices = $server->poll(5000)) {
    array_push($arrived, ...published($server, $notices));
}

var_dump($arrived === array_map(fn ($number) => "news.$number", range(1, 900)));

in_child(function () use ($socket) {
    $publisher = publisher(['socket' => $socket, 'acknowledge' => false]);
    $publisher->publish(['news'], 'Large', str_repeat('x', 20000));
    attempt(fn () => $publisher->settle());
    $publisher->settle();
    echo $publisher->failures(), " failure\n";
    $publisher->publish(['news'], 'Large', str_repeat('x', 20000));
    var_dump($publisher->acknowledge(true));
    attempt(fn () => $publisher->publish(['news'], 'Small', '{}'));
    $publisher->publish(['news'], 'Small', '{}');
});

echo json_encode(published($server)), "\n";
$server->stop(0);
?>
--EXPECTF--
no exception
child exited with 0
bool(true)
Reverb\PublishException: the event `Large` is too large for the Reverb server at %s.sock (20000 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE
1 failure
bool(false)
Reverb\PublishException: nothing was sent, because an earlier event that was not waited for failed: the event `Large` is too large for the Reverb server at %s.sock (20000 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE
no exception
child exited with 0
["news"]
