--TEST--
phpinfo() tells that a server runs, and that it does not any more
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

function running(): string
{
    ob_start();
    (new ReflectionExtension('reverb'))->info();

    return preg_match('/running in this process => (\w+)/', ob_get_clean(), $match) ? $match[1] : '?';
}

$server = Reverb\Server::start(configuration());
echo running(), "\n";
$server->stop(0);
echo running(), "\n";
?>
--EXPECT--
yes
no
