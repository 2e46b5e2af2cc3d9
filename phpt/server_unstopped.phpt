--TEST--
A server that nobody stops ends with the process
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$server = Reverb\Server::start(configuration(['workers' => 2]));
$GLOBALS['kept'] = $server;
echo "end\n";
?>
--EXPECT--
end
