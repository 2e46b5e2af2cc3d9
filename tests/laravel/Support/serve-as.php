<?php

// Starts a server with a unix socket as another user, prints what it warns of, and ends.
// Usage, as root: php serve-as.php UID GID SOCKET

[, $user, $group, $socket] = $argv;

posix_initgroups('nobody', (int) $group) && posix_setgid((int) $group) && posix_setuid((int) $user) || exit("not root\n");

$server = Reverb\Server::start(['host' => '127.0.0.1', 'port' => 0, 'socket' => $socket, 'applications' => [[
    'app_id' => '1', 'key' => 'key', 'secret' => 'secret', 'ping_interval' => 60, 'allowed_origins' => ['*'], 'max_message_size' => 0,
]]]);

foreach ($server->poll(0) as $notice) {
    echo $notice['message'], "\n";
}

echo file_get_contents("http://127.0.0.1:{$server->port()}/up"), "\n";
