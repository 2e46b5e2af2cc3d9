<?php

// Runs the examples of the given files as they stand there, in the process of a server whose channel `presence-room`
// has the users 7 and 8. Where what stands in the comment behind a statement is PHP, the statement must have that value.

const OPTIONS = ['app_id' => '1', 'key' => 'my-key', 'secret' => 'my-secret'];

$failures = 0;
$count = 0;

foreach (array_slice($argv, 1) as $file) {
    foreach (examples(file_get_contents($file)) as $line => $code) {
        $failure = run($code);
        $count++;

        if ($failure !== null) {
            $failures++;
            echo "{$file}:{$line}: {$failure}\n";
        }
    }
}

echo $count - $failures, " passed, {$failures} failed\n";
exit($failures > 0 || $count === 0 ? 1 : 0);

/** The blocks of PHP that use the extension without anything else, by the line they begin in. */
function examples(string $text): array
{
    preg_match_all('/^( +\* )?```php\n(.*?)^\s*(?:\* )?```$/ms', $text, $matches, PREG_SET_ORDER | PREG_OFFSET_CAPTURE);
    $examples = [];

    foreach ($matches as [[, $offset], , [$code]]) {
        $code = preg_replace('/^ +\* ?/m', '', $code);

        if (str_contains($code, '$publisher') && ! str_contains($code, 'Laravel')) {
            $examples[substr_count($text, "\n", 0, $offset) + 1] = $code;
        }
    }

    return $examples;
}

/** Runs an example and returns what is wrong with it, if anything is. */
function run(string $code): ?string
{
    $server = Reverb\Server::start(['host' => '127.0.0.1', 'port' => 0, 'applications' => [OPTIONS + [
        'ping_interval' => 60, 'allowed_origins' => ['*'], 'max_message_size' => 10_000,
    ]]]);
    $members = [member($server->port(), '7'), member($server->port(), '8')];
    $_POST = ['socket_id' => '1234.5678', 'channel_name' => 'private-orders.7'];

    try {
        ob_start();
        evaluate(preg_replace_callback('/^(\S.*);\s+\/\/ (.+)$/m', expectation(...), $code));

        return null;
    } catch (Throwable $e) {
        return $e::class.': '.$e->getMessage();
    } finally {
        ob_end_clean();
        array_map(fclose(...), $members);
        $server->stop(0);
    }
}

/** Turns `statement;  // value` into a comparison. */
function expectation(array $match): string
{
    [$line, $statement, $comment] = $match;

    try {
        $value = eval("return {$comment};");
    } catch (ParseError) {
        return $line;
    }

    return 'expect(' .var_export($statement, true).", {$statement}, ".var_export($value, true).');';
}

function expect(string $statement, mixed $actual, mixed $expected): void
{
    if ($actual !== $expected) {
        throw new UnexpectedValueException("{$statement} is ".json_encode($actual).' and not '.json_encode($expected));
    }
}

function evaluate(string $code): void
{
    $publisher = new Reverb\Publisher(OPTIONS);

    eval($code);
}

/** A user's connection, subscribed to `presence-room`. */
function member(int $port, string $user)
{
    $stream = stream_socket_client("tcp://127.0.0.1:{$port}", timeout: 5);
    stream_set_timeout($stream, 5);
    fwrite($stream, implode("\r\n", [
        'GET /app/my-key HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade',
        'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '',
    ]));
    preg_match('/socket_id\W+(\d+\.\d+)/', until($stream, 'activity_timeout'), $match);

    $signature = (new Reverb\Publisher(OPTIONS))->authorizeChannel($match[1], 'presence-room', json_encode(['user_id' => $user]));
    $message = json_encode(['event' => 'pusher:subscribe', 'data' => ['channel' => 'presence-room'] + $signature]);
    fwrite($stream, "\x81\xfe".pack('n', strlen($message))."\0\0\0\0{$message}");
    until($stream, 'subscription_succeeded');

    return $stream;
}

function until($stream, string $word): string
{
    for ($text = ''; ! str_contains($text, $word); $text .= $more) {
        $more = fread($stream, 4096);

        if ((string) $more === '') {
            throw new RuntimeException("the server never said {$word}: {$text}");
        }
    }

    return $text;
}
