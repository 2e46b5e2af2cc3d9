--TEST--
An event can be checked without being sent
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['debug' => true]));
$publisher = publisher();
$publisher->check(['news'], 'Moved', '{}');
echo count(published($server)), " published\n";
attempt(fn () => $publisher->check([], 'Moved', '{}'));
attempt(fn () => $publisher->check([1], 'Moved', '{}'));
attempt(fn () => $publisher->check(['news'], '', '{}', '1.2'));
attempt(fn () => $publisher->check(['news'], 'Moved', str_repeat('x', 10_000)));
attempt(fn () => $publisher->check(['news'], 'Moved', str_repeat('x', 10_000), limits: ['max_request_size' => '20000', 'event_data_size' => null]));
attempt(fn () => $publisher->check(['news'], 'Moved', '{}', limits: ['event_name_length' => 4]));
attempt(fn () => $publisher->check(['news'], 'Moved', '{}', limits: ['event_name_length' => 'short']));
?>
--EXPECT--
0 published
Reverb\PublishException: an event needs at least one channel, and no channel name may be empty
TypeError: Reverb\Publisher::check(): Argument #1 ($channels) must be a list of UTF-8 strings
Reverb\PublishException: the Reverb server refused the event: The event has no name.
Reverb\PublishException: the event `Moved` is too large for the Reverb server (10000 bytes of data); send less, or raise REVERB_MAX_REQUEST_SIZE
no exception
Reverb\PublishException: the Reverb server refused the event: the event's name is longer than 4 bytes (event_name_length)
Reverb\ConfigurationException: event_name_length is "short", but must be an integer from 1 to 1073741824
