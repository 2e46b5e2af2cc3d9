<?php

// One request to a php-fpm worker: broadcasts one event as an application does, and answers what became of it.
// A whole application would take ten times as long; what differs between requests is all in the driver and below.

use Illuminate\Broadcasting\BroadcastException;
use Laravel\Reverb\Broadcasting\ReverbBroadcaster;
use Laravel\Reverb\Native\Extension;

require $_SERVER['REVERB_APP'].'/vendor/autoload.php';

$event = ['id' => (int) $_SERVER['EVENT'], 'worker' => getmypid(), 'at' => intdiv(hrtime(true), 1_000)];
$failure = null;

try {
    $broadcaster = new ReverbBroadcaster(new Extension, json_decode($_SERVER['REVERB_CONNECTION'], true), $_SERVER['REVERB_SOCKET']);
    $broadcaster->broadcast(['work'], 'done', $event);
} catch (BroadcastException $e) {
    $failure = $e->getMessage();
}

header('Content-Type: application/json');
echo json_encode($event + ['failure' => $failure, 'environment' => getenv('REVERB_MARK')]);
