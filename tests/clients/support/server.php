<?php

// The server under test: the extension alone, without Laravel. Prints its port, and serves until SIGTERM.
// Usage: php server.php [PORT [SETTINGS]]     without a port, or with 0, a free one; SETTINGS are JSON

use Reverb\Server;

$defaults = ['ping_interval' => 60, 'activity_timeout' => 30, 'allowed_origins' => ['*'], 'max_message_size' => 10_000];
$applications = json_decode(file_get_contents(__DIR__.'/applications.json'), true, flags: JSON_THROW_ON_ERROR);

$server = Server::start(json_decode($argv[2] ?? '{}', true, flags: JSON_THROW_ON_ERROR) + [
    'host' => '127.0.0.1',
    'port' => $argv[1] ?? 0,
    'applications' => array_map(fn (array $application) => $application + $defaults, $applications),
]);

$isAsked = false;
pcntl_async_signals(true);
pcntl_signal(SIGTERM, function () use (&$isAsked) {
    $isAsked = true;
});

echo $server->port(), "\n";

while (! $isAsked) {
    foreach ($server->poll() as $notice) {
        fwrite(STDERR, json_encode($notice)."\n");
    }
}

$server->stop();
