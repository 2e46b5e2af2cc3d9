<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use PHPUnit\Framework\Assert;
use Symfony\Component\Process\Process;

/**
 * A Redis server on a free port, gone with the test.
 */
class Redis
{
    /**
     * The seconds that it may take to start.
     */
    private const PATIENCE = 10;

    public readonly int $port;

    private Process $process;

    public function __construct(string $folder, string ...$arguments)
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');
        $this->port = (int) substr(strrchr(stream_socket_get_name($listener, false), ':'), 1);
        fclose($listener);

        $this->process = new Process(['redis-server', '--port', $this->port, '--bind', '127.0.0.1', '--save', '', '--dir', $folder, ...$arguments], timeout: null);
        $this->process->start();

        for ($deadline = microtime(true) + self::PATIENCE; ! $stream = @stream_socket_client("tcp://127.0.0.1:{$this->port}"); usleep(5_000)) {
            Assert::assertLessThan($deadline, microtime(true), $this->process->getOutput());
        }

        fclose($stream);
    }

    public function kill(): void
    {
        $this->process->stop(0);
    }

    public function __destruct()
    {
        $this->kill();
    }
}
