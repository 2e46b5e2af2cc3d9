<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use PHPUnit\Framework\Assert;

/**
 * A browser's connection, as much of it as a test needs: text frames below 64 KiB, JSON in them.
 */
class WebSocket
{
    /**
     * The seconds to wait for the server: only one that hangs takes them.
     */
    private const PATIENCE = 60;

    /** @var resource */
    private $stream;

    public readonly string $socketId;

    /**
     * @param  list<string>  $headers
     */
    public function __construct(int $port, string $key = 'test-key', ?string $origin = null, array $headers = [])
    {
        $this->stream = stream_socket_client("tcp://127.0.0.1:{$port}", timeout: self::PATIENCE);
        stream_set_timeout($this->stream, self::PATIENCE);
        fwrite($this->stream, implode("\r\n", [
            "GET /app/{$key}?protocol=7&client=js&version=8.4.0 HTTP/1.1", "Host: 127.0.0.1:{$port}", 'Upgrade: websocket',
            'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
            ...$origin ? ["Origin: {$origin}"] : [], ...$headers, '', '',
        ]));

        Assert::assertStringStartsWith('HTTP/1.1 101', $this->head());
        $this->socketId = $this->expect('pusher:connection_established')['socket_id'];
    }

    public function subscribe(string $channel, array $signature = []): static
    {
        $this->send('pusher:subscribe', ['channel' => $channel] + $signature);
        $this->expect('pusher_internal:subscription_succeeded');

        return $this;
    }

    public function send(string $event, mixed $data, ?string $channel = null): void
    {
        $text = json_encode(['event' => $event, 'data' => $data] + ($channel ? ['channel' => $channel] : []));
        $length = strlen($text) < 126 ? chr(0x80 | strlen($text)) : chr(0x80 | 126).pack('n', strlen($text));

        // A mask of zeros is a mask, and leaves the text as it is...
        fwrite($this->stream, "\x81{$length}\0\0\0\0{$text}");
    }

    /**
     * Expect an event as the next one, and return its data.
     */
    public function expect(string $event): mixed
    {
        $message = $this->read();
        Assert::assertSame($event, $message['event'], json_encode($message));

        return is_string($message['data'] ?? null) ? json_decode($message['data'], true) : $message['data'] ?? null;
    }

    /**
     * Expect that nothing was sent before the answer to a ping.
     */
    public function expectNothing(): void
    {
        $this->send('pusher:ping', (object) []);
        $this->expect('pusher:pong');
    }

    /**
     * Expect the server's closing frame, and answer it as browsers do.
     */
    public function expectEnd(): void
    {
        $head = $this->bytes(2);
        Assert::assertSame("\x88", $head[0], 'That was no closing frame.');

        fwrite($this->stream, "\x88".chr(0x80 | ord($head[1]))."\0\0\0\0".$this->bytes(ord($head[1])));
        Assert::assertSame('', stream_get_contents($this->stream));
        fclose($this->stream);
    }

    /**
     * Leave without a word, as a browser that crashes.
     */
    public function leave(): void
    {
        fclose($this->stream);
    }

    private function read(): array
    {
        $length = ord($this->bytes(2)[1]);
        $length = $length === 126 ? unpack('n', $this->bytes(2))[1] : $length;

        return json_decode($this->bytes($length), true);
    }

    private function bytes(int $count): string
    {
        for ($bytes = ''; strlen($bytes) < $count; $bytes .= $more) {
            $more = fread($this->stream, $count - strlen($bytes));
            Assert::assertNotSame('', (string) $more, 'The server ended the connection or said nothing.');
        }

        return $bytes;
    }

    private function head(): string
    {
        for ($head = ''; ! str_ends_with($head, "\r\n\r\n"); $head .= $this->bytes(1)) {
            continue;
        }

        return $head;
    }
}
