--TEST--
Events come if they were asked for, and a connection that one names can be answered and closed
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['workers' => 1, 'events' => [
    'connection_opened', 'message_received', 'channel_created', 'connection_closed',
]]));

$browser = stream_socket_client("tcp://127.0.0.1:{$server->port()}");
$subscribe = '{"event":"pusher:subscribe","data":{"channel":"news"}}';
fwrite($browser, "GET /app/key?protocol=7 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://here\r\nUpgrade: websocket\r\n"
    ."Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ."\x81".chr(128 | strlen($subscribe))."\0\0\0\0".$subscribe);

$events = events($server, 3);
[$id, $place] = [$events[0]['socket_id'], $events[0]['place']];
echo str_replace([$id, "\"place\":{$place}"], ['ID', '"place":P'], implode("\n", array_map(json_encode(...), $events))), "\n";

$subscribers = $server->subscribers('1', 'news');
var_dump(count($subscribers) === 1 && $subscribers[0]['socket_id'] === $id, $server->subscribers('1', 'nowhere'), $server->subscribers('2', 'news'));

echo json_encode([$server->channels('1'), $server->channels('1', 'ne'), $server->channels('1', 'o'), $server->channels('2')]), "\n";

$server->broadcast('1', 'cache-news', '{"event":"kept"}');
var_dump($server->cached('1', 'cache-news'), $server->cached('1', 'news'));

$server->broadcast('1', 'news', '{"event":"all"}');
$server->broadcast('1', 'news', '{"event":"others"}', $id);
$server->send($id, $place, '{"event":"one"}');
$server->send('no id', $place, '{"event":"nobody"}');
$server->disconnect($id, $place);
echo json_encode(events($server, 1)[0]['event']), "\n";
$heard = stream_get_contents($browser);
preg_match_all('/"event":"(all|others|one|nobody)"/', $heard, $names);
echo json_encode($names[1]), "\n";

$server->stop();
$server->send($id, $place, 'late');
var_dump($server->subscribers('1', 'news'));
echo json_encode($server->channels('1')), "\n";

attempt(fn () => Reverb\Server::start(configuration(['events' => ['everything']])));

function events(Reverb\Server $server, int $count): array
{
    for ($events = []; count($events) < $count; ) {
        array_push($events, ...$server->poll(30000));
    }

    return $events;
}
?>
--EXPECT--
{"type":"event","event":"connection_opened","app_id":"1","socket_id":"ID","place":P,"address":"127.0.0.1","origin":"http:\/\/here"}
{"type":"event","event":"channel_created","app_id":"1","channel":"news"}
{"type":"event","event":"message_received","app_id":"1","socket_id":"ID","place":P,"address":"127.0.0.1","origin":"http:\/\/here","message":"{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"news\"}}"}
bool(true)
array(0) {
}
array(0) {
}
[["news"],["news"],[],[]]
string(16) "{"event":"kept"}"
NULL
"connection_closed"
["all","one"]
array(0) {
}
[]
Reverb\ConfigurationException: events is ["everything"], but must be a list of some of message_received, message_sent, channel_created, channel_removed, connection_pruned, connection_opened, connection_closed, channel_occupied, channel_vacated, member_added, member_removed, client_event_received
