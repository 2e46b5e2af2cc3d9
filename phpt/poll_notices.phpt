--TEST--
Notices of --debug are arrays with a type, and an event that arrives wakes the poll
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['debug' => true]));
publisher()->publish(['news'], 'Moved', '{}');
echo json_encode($server->poll(30000)), "\n";
echo json_encode($server->poll(0)), "\n";
?>
--EXPECT--
[{"type":"info","title":"Broadcasting To","message":"news"}]
[]
