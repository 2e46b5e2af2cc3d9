--TEST--
Options of TLS that cannot be honoured, and files that will not do, are named before anything listens
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

foreach ([
    ['local_cert' => '/nowhere/server.pem'],
    ['local_cert' => __FILE__],
    ['local_pk' => '/nowhere/server.key'],
    ['local_cert' => __FILE__, 'verify_peer' => true],
    ['local_cert' => __FILE__, 'dh_param' => 'dh.pem'],
    ['local_cert' => __FILE__, 'crypto_method' => STREAM_CRYPTO_METHOD_TLSv1_1_SERVER],
    ['local_cert' => __FILE__, 'passphrase' => 1234],
    ['local_cert' => __FILE__, 'reneg_limit_callback' => fn () => true],
] as $tls) {
    attempt(fn () => Reverb\Server::start(configuration(['options' => ['tls' => $tls]])));
}
?>
--EXPECTF--
Reverb\ServerException: options.tls.local_cert is "/nowhere/server.pem", but it cannot be read: No such file or directory (os error 2); check the path, and that the server's user may read it
Reverb\ServerException: options.tls.local_cert is "%sserver_tls_error.php", but it has no certificate; it must be a PEM file that begins with the server's own
Reverb\ConfigurationException: options.tls.local_cert is missing, but must be the path of a PEM file with the certificate
Reverb\ConfigurationException: options.tls.verify_peer is true, but must be false, or cafile or capath must name who signs the certificates of clients
Reverb\ConfigurationException: options.tls.dh_param is "dh.pem", but must be absent: keys are exchanged over elliptic curves alone (ecdh_curve)
Reverb\ConfigurationException: options.tls.crypto_method is 16, but must be one that allows TLS 1.2 or TLS 1.3; older versions are not spoken
Reverb\ConfigurationException: options.tls.passphrase must be a text that is not empty
Reverb\ConfigurationException: the configuration value `options.tls.reneg_limit_callback` must be a UTF-8 string, a number, a boolean, null or an array
