<?php

/*
 * Publishes over the unix socket as fast as PHP can, and prints how long that took.
 *
 * php publish.php '{"options": {…}, "acknowledge": true, "events": 10000, "data": "…"}'
 */

$plan = json_decode($argv[1], true, flags: JSON_THROW_ON_ERROR);
$publisher = new Reverb\Publisher($plan['options']);
$channels = ['bench'];
$data = $plan['data'];

// The connection is made, and code is loaded...
$publisher->publish($channels, 'bench', $data);
$publisher->acknowledge($plan['acknowledge']);

$cpu = cpu();
$begin = hrtime(true);

for ($event = 0; $event < $plan['events']; $event++) {
    $publisher->publish($channels, 'bench', $data);
}

$publisher->settle();

echo json_encode([
    'wall' => (hrtime(true) - $begin) / 1e3 / $plan['events'],
    'cpu' => (cpu() - $cpu) / $plan['events'],
]);

/** The CPU time of this process in microseconds. */
function cpu(): int
{
    $usage = getrusage();

    return ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1_000_000
        + $usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec'];
}
