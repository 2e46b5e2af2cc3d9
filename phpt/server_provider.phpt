--TEST--
Applications that the server does not know are asked for, and answered by PHP
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration([
    'applications' => [], 'workers' => 1, 'socket' => socket_path(), 'provider' => ['lookup_timeout' => 30],
]));
var_dump($server->question());

$answers = [
    'key late' => fn () => $server->answer('key', 'late', application(['app_id' => '2', 'key' => 'late'])),
    'key never' => fn () => $server->answer('key', 'never', null),
    'key broken' => fn () => $server->unanswered('key', 'broken'),
    'key Late' => fn () => $server->answer('key', 'Late', application(['app_id' => '2', 'key' => 'late'])),
];

foreach (['late', 'never', 'broken', 'Late', 'late', 'never'] as $key) {
    $browser = stream_socket_client("tcp://127.0.0.1:{$server->port()}");
    fwrite($browser, "GET /app/{$key} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        ."Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    for ($heard = '', $asked = []; ! str_contains($heard, '"event":'); $heard .= stream_get_contents($browser) ?: '') {
        stream_set_blocking($browser, false);
        $server->poll(20);
        while ($question = $server->question()) {
            $asked[] = implode(' ', $question);
            $answers[end($asked)]();
        }
    }
    preg_match('/connection_established|Application [^\\\\]+/', $heard, $outcome);
    echo $key, ': ', $outcome[0], $asked ? ', asked for '.implode($asked) : '', "\n";
}

// Who waits here cannot answer: so it is not made to wait, and the question is asked all the same.
$publisher = publisher(['app_id' => '3', 'key' => 'third', 'socket' => socket_path()]);
attempt(fn () => $publisher->publish(['news'], 'Moved', '{}'));
['by' => $by, 'name' => $name] = $server->question();
$server->answer($by, $name, application(['app_id' => '3', 'key' => 'third']));
$publisher->publish(['news'], 'Moved', '{}');
echo $publisher->route(), ' ', $by, ' ', $name, "\n";

attempt(fn () => $server->answer('name', 'late', null));
attempt(fn () => $server->unanswered('', 'late'));
attempt(fn () => $server->answer('key', 'late', application(['ping_interval' => 0])));
$server->stop(0);
var_dump($server->question());
attempt(fn () => Reverb\Server::start(configuration(['provider' => ['cache_ttl' => 0]])));
attempt(fn () => Reverb\Server::start(configuration(['applications' => []])));
?>
--EXPECTF--
NULL
late: connection_established, asked for key late
never: Application does not exist, asked for key never
broken: Application is not available now, asked for key broken
Late: Application does not exist, asked for key Late
late: connection_established
never: Application does not exist
Reverb\PublishException: the Reverb server at %s refused the event: The application is not available now.
process id 3
ValueError: Reverb\Server::answer(): Argument #1 ($by) must be either "key" or "id"
ValueError: Reverb\Server::unanswered(): Argument #1 ($by) must be either "key" or "id"
Reverb\ConfigurationException: ping_interval is 0, but must be an integer from 1 to 86400
NULL
Reverb\ConfigurationException: provider.cache_ttl is 0, but must be an integer from 1 to 86400
Reverb\ConfigurationException: applications is [], but must be a list of at least one application
