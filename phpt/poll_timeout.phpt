--TEST--
A poll without notices takes its time, and no more
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration());
$begin = hrtime(true);
var_dump($server->poll(150) === []);
$milliseconds = (hrtime(true) - $begin) / 1e6;
var_dump($milliseconds >= 150, $milliseconds < 5000);
?>
--EXPECT--
bool(true)
bool(true)
bool(true)
