--TEST--
Subscriptions and sign-ins are signed as Pusher's documentation shows
--EXTENSIONS--
reverb
--FILE--
<?php
require __DIR__.'/support.inc';

$publisher = publisher(['key' => '278d425bdf160c739803', 'secret' => '7ad3773142a6692b25b8']);
echo json_encode($publisher->authorizeChannel('1234.1234', 'private-foobar')), "\n";
echo json_encode($publisher->authorizeChannel('1234.1234', 'presence-foobar', '{"user_id":10,"user_info":{"name":"Mr. Channels"}}')), "\n";
echo json_encode($publisher->authenticateUser('1234.1234', userData: '{"id":"12345"}')), "\n";
attempt(fn () => $publisher->authorizeChannel('1234', 'private-foobar'));
attempt(fn () => $publisher->authorizeChannel('1.2', ''));
attempt(fn () => $publisher->authorizeChannel('1.2', 'presence-room:{"user_id":1}'));
attempt(fn () => $publisher->authenticateUser("1.2\n", '{}'));
?>
--EXPECT--
{"auth":"278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"}
{"auth":"278d425bdf160c739803:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80","channel_data":"{\"user_id\":10,\"user_info\":{\"name\":\"Mr. Channels\"}}"}
{"auth":"278d425bdf160c739803:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba","user_data":"{\"id\":\"12345\"}"}
Reverb\PublishException: `1234` is not a socket id; it is two integers joined by a dot, such as 123.456
Reverb\PublishException: `` cannot be signed as a channel's name; it must be letters, digits and any of -_=@,.; after perhaps a #
Reverb\PublishException: `presence-room:{"user_id":1}` cannot be signed as a channel's name; it must be letters, digits and any of -_=@,.; after perhaps a #
Reverb\PublishException: `1.2
` is not a socket id; it is two integers joined by a dot, such as 123.456
