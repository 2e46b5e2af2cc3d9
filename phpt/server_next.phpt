--TEST--
A stopped server that is let go of late takes nothing from the next one
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$first = Reverb\Server::start(configuration());
$first->stop(0);
$second = Reverb\Server::start(configuration());
$first->stop(0);
unset($first);
$publisher = publisher();
$publisher->publish(['news'], 'Moved', '{}');
echo $publisher->route(), "\n";
attempt(fn () => Reverb\Server::start(configuration()));
$second->stop(0);
attempt(fn () => $publisher->publish(['news'], 'Moved', '{}'));
?>
--EXPECT--
process
Reverb\ServerException: a Reverb server runs in this process already; stop it first
Reverb\PublishException: there is no way to a Reverb server: set the option `socket` or `host`, or start it with: php artisan reverb:start
