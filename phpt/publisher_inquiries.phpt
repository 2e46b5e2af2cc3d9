--TEST--
Questions take the same ways as events, with the same answers
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$socket = socket_path();
$server = Reverb\Server::start(configuration(['socket' => $socket]));
$http = ['scheme' => 'http', 'host' => '127.0.0.1', 'port' => $server->port()];

$browser = stream_socket_client('tcp://127.0.0.1:'.$server->port());
fwrite($browser, implode("\r\n", [
    'GET /app/key?protocol=7 HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '',
]));

while (! preg_match('/socket_id\\\\":\\\\"([\d.]+)/', $heard ??= '', $match)) {
    $heard .= fread($browser, 4096);
}

function say($browser, array $data): void
{
    $text = json_encode(['event' => 'pusher:subscribe', 'data' => $data]);
    $length = strlen($text) < 126 ? chr(0x80 | strlen($text)) : chr(0x80 | 126).pack('n', strlen($text));
    fwrite($browser, "\x81{$length}\0\0\0\0{$text}");

    for ($heard = ''; ! str_contains($heard, 'subscription_succeeded') && ! feof($browser); $heard .= fread($browser, 4096)) {
        continue;
    }
}

say($browser, ['channel' => 'a news/room']);
say($browser, ['channel' => 'presence-room'] + publisher()->authorizeChannel($match[1], 'presence-room', '{"user_id":7,"user_info":{}}'));

$questions = function (array $options) {
    $publisher = publisher($options);
    echo json_encode($publisher->channels(info: ['user_count', 'subscription_count'])), "\n";
    echo json_encode([$publisher->channels('presence-'), $publisher->channels('x')]), "\n";
    echo json_encode([$publisher->channel('a news/room', ['subscription_count']), $publisher->channel('empty')]), "\n";
    echo json_encode([$publisher->users('presence-room'), $publisher->users('presence-empty')]), "\n";
    echo json_encode($publisher->stats()), ' ', $publisher->route(), ' ', json_encode($publisher->isComplete()), "\n";
    attempt(fn () => $publisher->users('news'));
    attempt(fn () => $publisher->channel(''));
    $publisher->terminate('nobody & nothing');
};

$questions([]);
in_child(fn () => $questions(['socket' => $socket]));
in_child(fn () => $questions($http));
in_child(fn () => publisher($http + ['secret' => 'wrong'])->stats());
in_child(fn () => publisher(['socket' => '/nonexistent'])->stats());
attempt(fn () => publisher()->channels('', [1]));
$server->stop(0);
?>
--EXPECTF--
{"a news\/room":{"subscription_count":1},"presence-room":{"user_count":1}}
[{"presence-room":[]},[]]
[{"occupied":true,"subscription_count":1},{"occupied":false}]
[[7],[]]
{"connections":1,"channels":2} process true
Reverb\PublishException: `news` is not a presence channel; only these have users
Reverb\PublishException: the channel's name must not be empty
{"a news\/room":{"subscription_count":1},"presence-room":{"user_count":1}}
[{"presence-room":[]},[]]
[{"occupied":true,"subscription_count":1},{"occupied":false}]
[[7],[]]
{"connections":1,"channels":2} unix true
Reverb\PublishException: `news` is not a presence channel; only these have users
Reverb\PublishException: the channel's name must not be empty
no exception
child exited with 0
{"a news\/room":{"subscription_count":1},"presence-room":{"user_count":1}}
[{"presence-room":[]},[]]
[{"occupied":true,"subscription_count":1},{"occupied":false}]
[[7],[]]
{"connections":1,"channels":2} http true
Reverb\PublishException: `news` is not a presence channel; only these have users
Reverb\PublishException: the channel's name must not be empty
no exception
child exited with 0
Reverb\PublishException: the Reverb server at http://127.0.0.1:%d refuses the secret of application `1`; compare REVERB_APP_SECRET here and there, then run: php artisan reverb:restart
child exited with 0
Reverb\PublishException: the Reverb server is not running: nothing answers at /nonexistent (No such file or directory (os error 2)); start it with: php artisan reverb:start
child exited with 0
TypeError: Reverb\Publisher::channels(): Argument #2 ($info) must be a list of UTF-8 strings
