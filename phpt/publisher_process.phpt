--TEST--
In the server's own process an event takes the direct way
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration());
$publisher = publisher();
$publisher->publish(['news'], 'Moved', '{}', '1.2');
echo $publisher->route(), "\n";
attempt(fn () => publisher(['secret' => 'another'])->publish(['news'], 'Moved', '{}'));
attempt(fn () => $publisher->publish(['news'], 'Moved', str_repeat('x', 10_000)));
attempt(fn () => $publisher->publish(['news'], '', '{}'));
attempt(fn () => $publisher->publish([str_repeat('c', 256)], 'Moved', '{}'));
$server->stop(0);
attempt(fn () => $publisher->publish(['news'], 'Moved', '{}'));
?>
--EXPECT--
process
Reverb\PublishException: there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start
Reverb\PublishException: the event `Moved` is too large for the Reverb server of this process (10000 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE
Reverb\PublishException: the Reverb server of this process refused the event: The event has no name.
Reverb\PublishException: the Reverb server of this process refused the event: a channel name must not be longer than 255 bytes: "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
Reverb\PublishException: there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start
