--TEST--
While the server restarts again and again, each event of several processes arrives exactly once
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

const PROCESSES = 4;
const EVENTS = 1500;

/** Publish until it is accepted; only that nobody answers is a reason to do it again. */
function insist(Reverb\Publisher $publisher, string $channel): void
{
    do {
        try {
            $publisher->publish([$channel], 'Moved', '{}');

            return;
        } catch (Reverb\PublishException $e) {
            $isAbsent = str_contains($e->getMessage(), 'is not running');
        }
    } while ($isAbsent);

    echo $e->getMessage(), "\n";
}

$socket = socket_path();
$server = Reverb\Server::start(configuration(['socket' => $socket, 'debug' => true]));

for ($process = 1; $process <= PROCESSES; $process++) {
    if (pcntl_fork() === 0) {
        $publisher = publisher(['socket' => $socket]);

        for ($number = 1; $number <= EVENTS; $number++) {
            insist($publisher, "$process.$number");
        }

        exit;
    }
}

$arrived = [];
$restarts = 0;

// No server takes more than --debug shows of a second...
for ($awaited = EVENTS / 5; count($arrived) < PROCESSES * EVENTS; $awaited += EVENTS / 5) {
    while (count($arrived) < min($awaited, PROCESSES * EVENTS) && $notices = $server->poll(10_000)) {
        array_push($arrived, ...published($server, $notices));
    }

    $server->stop(0);
    array_push($arrived, ...published($server));
    $server = Reverb\Server::start(configuration(['socket' => $socket, 'debug' => true]));
    $restarts++;

    if ($restarts > 100) {
        break;
    }
}

while (pcntl_wait($status) > 0) {
    continue;
}

array_push($arrived, ...published($server));
$server->stop(0);
var_dump(count($arrived), count(array_unique($arrived)), $restarts > 3);
?>
--EXPECT--
int(6000)
int(6000)
bool(true)
