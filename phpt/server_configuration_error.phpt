--TEST--
A wrong value in the configuration is named with its key and range
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

foreach ([
    ['host' => 'localhost'],
    ['port' => 65536],
    ['port' => -1],
    ['applications' => []],
    ['applications' => [application(['key' => ''])]],
    ['applications' => [application(['secret' => null])]],
    ['applications' => [application(['ping_interval' => 'often'])]],
    ['debug' => new stdClass],
] as $wrong) {
    attempt(fn () => Reverb\Server::start(configuration($wrong)));
}
?>
--EXPECT--
Reverb\ConfigurationException: host is "localhost", but must be an IP address to listen on, such as 0.0.0.0, 127.0.0.1 or [::1]
Reverb\ConfigurationException: port is 65536, but must be an integer from 0 to 65535
Reverb\ConfigurationException: port is -1, but must be an integer from 0 to 65535
Reverb\ConfigurationException: applications is [], but must be a list of at least one application
Reverb\ConfigurationException: applications.0.key is "", but must be a text that is not empty
Reverb\ConfigurationException: applications.0.secret must be a text that is not empty
Reverb\ConfigurationException: applications.0.ping_interval is "often", but must be an integer from 1 to 86400
Reverb\ConfigurationException: the configuration value `debug` must be a UTF-8 string, a number, a boolean, null or an array
