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
$server->stop(0);
attempt(fn () => $publisher->publish(['news'], 'Moved', '{}'));
?>
--EXPECT--
process
Reverb\PublishException: there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start
Reverb\PublishException: there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start
