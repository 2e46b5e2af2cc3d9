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
     * The seconds that it may take to start, and others to use it.
     */
    private const PATIENCE = 60;

    public int $port;

    private Process $process;

    public function __construct(string $folder, string ...$arguments)
    {
        // Somebody else may take the port before Redis does; then it ends, and tries another...
        do {
            $this->port = $this->freePort();
            $this->process = new Process(['redis-server', '--port', $this->port, '--bind', '127.0.0.1', '--save', '', '--dir', $folder, ...$arguments], timeout: null);
            $this->process->start();
        } while (! $this->answers());
    }

    /**
     * Wait until somebody keeps something in the database.
     */
    public function waitForKeys(int $database, string $password): void
    {
        $client = ['redis-cli', '-h', '127.0.0.1', '-p', $this->port, '--no-auth-warning', '-a', $password, 'INFO', 'keyspace'];

        for ($deadline = microtime(true) + self::PATIENCE; ! str_contains($told = (new Process($client))->mustRun()->getOutput(), "db{$database}:"); usleep(5_000)) {
            Assert::assertLessThan($deadline, microtime(true), "Nobody keeps anything there: {$told}");
        }
    }

    public function kill(): void
    {
        $this->process->stop(0);
    }

    public function __destruct()
    {
        $this->kill();
    }

    private function freePort(): int
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');

        return (int) substr(strrchr(stream_socket_get_name($listener, false), ':'), 1);
    }

    /**
     * Wait until it answers, or has ended.
     */
    private function answers(): bool
    {
        for ($deadline = microtime(true) + self::PATIENCE; $this->process->isRunning(); usleep(5_000)) {
            if ($stream = @stream_socket_client("tcp://127.0.0.1:{$this->port}")) {
                fclose($stream);

                return true;
            }

            Assert::assertLessThan($deadline, microtime(true), $this->process->getOutput());
        }

        Assert::assertStringContainsString('Address already in use', $this->process->getOutput());

        return false;
    }
}
