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

// No server is left with more than --debug shows of a second, however slowly this process looks on.
const MOST_AT_ONCE = 800;

/** Publish until it is accepted; only that nobody answers is a reason to do it again. */
function insist(Reverb\Publisher $publisher, string $channel): void
{
    $deadline = hrtime(true) + 30_000_000_000;

    do {
        try {
            $publisher->publish([$channel], 'Moved', '{}');

            return;
        } catch (Reverb\PublishException $e) {
            $isAbsent = str_contains($e->getMessage(), 'is not running');
        }
    } while ($isAbsent && hrtime(true) < $deadline);

    exit("{$e->getMessage()}\n");
}

/** Publish an event for each byte that comes, until none can come any more. */
function publish_for_each_byte($pipe, string $socket, int $process): void
{
    $publisher = publisher(['socket' => $socket, 'timeout' => 30_000]);

    for ($number = 1; fgetc($pipe) !== false; $number++) {
        insist($publisher, "$process.$number");
    }
}

$socket = socket_path();
$server = Reverb\Server::start(configuration(['socket' => $socket, 'debug' => true]));
$pipes = [];

for ($process = 1; $process <= PROCESSES; $process++) {
    [$pipes[], $there] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);

    if (pcntl_fork() === 0) {
        array_map(fclose(...), $pipes);
        publish_for_each_byte($there, $socket, $process);
        exit;
    }

    fclose($there);
}

$arrived = [];
$asked = $restarts = 0;

while (count($arrived) < PROCESSES * EVENTS) {
    $more = min(MOST_AT_ONCE - ($asked - count($arrived)), PROCESSES * EVENTS - $asked);
    array_map(fn ($pipe) => fwrite($pipe, str_repeat('.', intdiv($more, PROCESSES))), $pipes);
    $asked += intdiv($more, PROCESSES) * PROCESSES;

    // The server stops in the midst of what it was left with...
    for ($awaited = count($arrived) + 300; count($arrived) < min($awaited, $asked); ) {
        $notices = $server->poll(30_000) ?: exit('only '.count($arrived)." events arrived\n");
        array_push($arrived, ...published($server, $notices));
    }

    $server->stop(0);
    array_push($arrived, ...published($server));
    $server = Reverb\Server::start(configuration(['socket' => $socket, 'debug' => true]));
    $restarts++;
}

array_map(fclose(...), $pipes);

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
