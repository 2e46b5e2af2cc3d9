--TEST--
A server starts on a free port, answers, and stops
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['workers' => 2]));
echo $server->host(), ' ', $server->port() > 0 ? 'port' : 'no port', "\n";

$client = stream_socket_client("tcp://127.0.0.1:{$server->port()}");
fwrite($client, "GET /up HTTP/1.1\r\nHost: localhost\r\n\r\n");
echo preg_match('/^HTTP\/1\.[01] 200 OK\r\n/', fgets($client)), "\n";

echo json_encode($server->stats()), "\n";
$server->stop(100);
$server->stop();
var_dump(@stream_socket_client("tcp://127.0.0.1:{$server->port()}"), $server->poll());
?>
--EXPECTF--
127.0.0.1 port
1
{"connections":%d,"channels":0,"messages_received":0,"messages_sent":0,"notices_dropped":0,"workers":2}
bool(false)
array(0) {
}
