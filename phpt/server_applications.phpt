--TEST--
The figures of each application: connections of now, messages since the start
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration([
    'applications' => [application(), application(['app_id' => 'two', 'key' => 'other'])],
]));

$client = stream_socket_client("tcp://127.0.0.1:{$server->port()}");
fwrite($client, implode("\r\n", [
    'GET /app/other HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '',
]));
// A byte at a time: with the answer's head the greeting may have come, and fread() would wait for more.
for ($heard = ''; ! str_contains($heard, 'connection_established'); $heard .= fgetc($client)) {
    continue;
}

echo implode(' ', array_column($server->applications(), 'connections', 'app_id')), "\n";
$server->stop(0);
echo json_encode($server->applications()), "\n";
?>
--EXPECT--
0 1
[{"app_id":"1","connections":0,"messages_received":0,"messages_sent":0},{"app_id":"two","connections":0,"messages_received":0,"messages_sent":1}]
