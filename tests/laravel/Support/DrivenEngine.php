<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use Closure;
use Generator;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Laravel\Reverb\Native\Extension;
use Reverb\Server;
use RuntimeException;

/**
 * The extension, with a script that goes on by a step whenever the command asks for notices.
 */
class DrivenEngine extends Extension
{
    /**
     * @param  \Closure(int): \Generator  $script  Given the port.
     * @param  \Closure(): void  $end  Called after the last step.
     */
    public function __construct(private Closure $script, private Closure $end)
    {
        //
    }

    public function startServer(array $configuration): NativeServer
    {
        return new class($this->wrapServer($server = Server::start($configuration)), ($this->script)($server->port()), $this->end) implements NativeServer
        {
            private int $deadline;

            public function __construct(private NativeServer $server, private Generator $steps, private Closure $end)
            {
                $this->deadline = hrtime(true) + 30_000_000_000;
            }

            public function poll(int $timeout): array
            {
                if ($timeout === 0) {
                    return $this->server->poll(0);
                }

                if (hrtime(true) > $this->deadline) {
                    throw new RuntimeException('The script never came to its end.');
                }

                $this->steps->valid() ? $this->steps->next() : ($this->end)();

                return $this->server->poll($this->steps->valid() ? 20 : 0);
            }

            public function port(): int
            {
                return $this->server->port();
            }

            public function applications(): array
            {
                return $this->server->applications();
            }

            public function send(string $socketId, int $place, string $message): void
            {
                $this->server->send($socketId, $place, $message);
            }

            public function disconnect(string $socketId, int $place): void
            {
                $this->server->disconnect($socketId, $place);
            }

            public function broadcast(string $appId, string $channel, string $message, ?string $exceptSocketId = null): void
            {
                $this->server->broadcast($appId, $channel, $message, $exceptSocketId);
            }

            public function subscribers(string $appId, string $channel): array
            {
                return $this->server->subscribers($appId, $channel);
            }

            public function cached(string $appId, string $channel): ?string
            {
                return $this->server->cached($appId, $channel);
            }

            public function question(): ?array
            {
                return $this->server->question();
            }

            public function answer(string $by, string $name, ?array $application): void
            {
                $this->server->answer($by, $name, $application);
            }

            public function unanswered(string $by, string $name): void
            {
                $this->server->unanswered($by, $name);
            }

            public function stop(int $grace): void
            {
                $this->server->stop($grace);
            }
        };
    }
}
