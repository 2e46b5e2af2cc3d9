<?php

// Publishes and signs with the extension, as told on standard input: a line of JSON for each call of a method, answered
// by one, {"result": …} or {"error": "…"}. The first line is {"port": …}: of a server in this very process, if asked for.
// Usage: php publisher.php OPTIONS [serve]     OPTIONS are the publisher's, as JSON

use Reverb\Publisher;
use Reverb\Server;

$options = json_decode($argv[1], true, flags: JSON_THROW_ON_ERROR);
$server = isset($argv[2]) ? Server::start(['host' => '127.0.0.1', 'port' => 0, 'applications' => [[
    'app_id' => $options['app_id'], 'key' => $options['key'], 'secret' => $options['secret'],
    'ping_interval' => 60, 'activity_timeout' => 30, 'allowed_origins' => ['*'], 'max_message_size' => 10_000,
]]]) : null;
$publisher = new Publisher($options);

echo json_encode(['port' => $server?->port()]), "\n";

while ($line = fgets(STDIN)) {
    [$method, $arguments] = json_decode($line, true, flags: JSON_THROW_ON_ERROR);

    try {
        echo json_encode(['result' => $publisher->$method(...$arguments)]), "\n";
    } catch (Reverb\Exception $e) {
        echo json_encode(['error' => $e->getMessage()]), "\n";
    }
}

$server?->stop(0);
