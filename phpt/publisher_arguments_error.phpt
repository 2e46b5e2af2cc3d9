--TEST--
What is no event is refused before anything is sent
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$publisher = publisher(['socket' => '/nonexistent']);
attempt(fn () => $publisher->publish([], 'Moved', '{}'));
attempt(fn () => $publisher->publish(['news', ''], 'Moved', '{}'));
attempt(fn () => $publisher->publish([1], 'Moved', '{}'));
attempt(fn () => $publisher->publish(['news'], 'Moved', '{}', 'undefined'));
attempt(fn () => $publisher->publish(['news'], 'Moved', "\xff"));
?>
--EXPECT--
Reverb\PublishException: an event needs at least one channel, and no channel name may be empty
Reverb\PublishException: an event needs at least one channel, and no channel name may be empty
TypeError: Reverb\Publisher::publish(): Argument #1 ($channels) must be a list of UTF-8 strings
Reverb\PublishException: `undefined` is not a socket id; it is two integers joined by a dot, such as 123.456
TypeError: Invalid value given for argument `data`.
