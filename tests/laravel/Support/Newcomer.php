<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use PHPUnit\Framework\Assert;

/**
 * A browser that has asked to be let in, and may have to wait for the answer.
 */
class Newcomer
{
    /**
     * The seconds to wait for the server: only one that hangs takes them.
     */
    private const PATIENCE = 60;

    /** @var resource */
    private $stream;

    public function __construct(int $port, string $key)
    {
        $this->stream = stream_socket_client("tcp://127.0.0.1:{$port}", timeout: self::PATIENCE);
        stream_set_timeout($this->stream, self::PATIENCE);
        fwrite($this->stream, implode("\r\n", [
            "GET /app/{$key}?protocol=7 HTTP/1.1", "Host: 127.0.0.1:{$port}", 'Upgrade: websocket', 'Connection: Upgrade',
            'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '',
        ]));
    }

    /**
     * Get the code of the refusal, or null for a greeting.
     */
    public function refusal(): ?int
    {
        for ($heard = ''; ! str_contains($heard, '"event":') || ! str_ends_with($heard, '}') && ! str_contains($heard, '}"}'); $heard .= $more) {
            $more = fread($this->stream, 8192);
            Assert::assertNotSame('', (string) $more, "The server ended the connection or said nothing: {$heard}");
        }

        return preg_match('/"code\\\\":(\d+)/', $heard, $match) ? (int) $match[1] : null;
    }
}
