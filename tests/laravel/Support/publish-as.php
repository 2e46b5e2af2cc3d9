<?php

// Publishes one event to the unix socket as another user, in no group but one, and prints the way or what went wrong.
// Usage, as root: php publish-as.php UID GID OPTIONS     OPTIONS are the publisher's, as JSON

[, $user, $group, $options] = $argv;

posix_initgroups('nobody', (int) $group) && posix_setgid((int) $group) && posix_setuid((int) $user) || exit("not root\n");

try {
    $publisher = new Reverb\Publisher(json_decode($options, true));
    $publisher->publish(['messages'], 'told', '{}');
    echo $publisher->route(), "\n";
} catch (Reverb\Exception $e) {
    echo $e->getMessage(), "\n";
}
