--TEST--
A server that is killed while it is published to costs one error, and its socket's file is replaced
--EXTENSIONS--
reverb
pcntl
--FILE--
<?php
require __DIR__.'/support.inc';

$socket = socket_path();
$publisher = publisher(['socket' => $socket]);

foreach ([1, 2] as $round) {
    $server = serve_in_child(['socket' => $socket]);

    for ($number = 0; ; $number++) {
        try {
            $publisher->publish(['news'], 'Moved', '{}');
        } catch (Reverb\PublishException $e) {
            break;
        }

        if ($number === 100) {
            signal_child($server, 'KILL');
        }
    }

    var_dump($number >= 100);
    echo $e->getMessage(), "\n";
    var_dump(file_exists($socket));
}

unlink($socket);
?>
--EXPECTREGEX--
bool\(true\)
the (connection to the Reverb server at .*\.sock was lost: .*|Reverb server is not running: nothing answers at .*\.sock \(Connection refused .*)
bool\(true\)
bool\(true\)
the (connection to the Reverb server at .*\.sock was lost: .*|Reverb server is not running: nothing answers at .*\.sock \(Connection refused .*)
bool\(true\)
