<?php

namespace Laravel\Reverb\Tests\Unit\Fakes;

use Laravel\Reverb\Native\Contracts\NativeServer;
use LogicException;
use RuntimeException;

/**
 * A server whose every poll is written down before the test.
 */
class FakeServer implements NativeServer
{
    /**
     * What each poll does and returns.
     *
     * @var list<\Closure(): list<array<string, mixed>>>
     */
    public array $polls = [];

    /**
     * The grace period of each stop.
     *
     * @var list<int>
     */
    public array $stops = [];

    /**
     * What was asked of the server, with its arguments.
     *
     * @var list<list<mixed>>
     */
    public array $calls = [];

    /**
     * The subscribers of each channel.
     *
     * @var array<string, list<array<string, mixed>>>
     */
    public array $subscribers = [];

    /**
     * The message that each cache channel has kept.
     *
     * @var array<string, string>
     */
    public array $cached = [];

    /**
     * The figures of each application.
     *
     * @var list<array{app_id: string, connections: int, messages_received: int, messages_sent: int}>
     */
    public array $applications = [];

    /**
     * What is asked for, one after the other.
     *
     * @var list<array{by: 'key'|'id', name: string}>
     */
    public array $questions = [];

    /**
     * The reason why an answer is not taken, if it is not.
     */
    public ?RuntimeException $refusal = null;

    public function port(): int
    {
        return 4321;
    }

    public function poll(int $timeout): array
    {
        if ($this->stops && ! $this->polls) {
            return [];
        }

        $poll = array_shift($this->polls) ?? throw new LogicException('The test describes no further poll.');

        return $poll();
    }

    public function applications(): array
    {
        $this->calls[] = ['applications'];

        return $this->applications;
    }

    public function send(string $socketId, int $place, string $message): void
    {
        $this->calls[] = ['send', $socketId, $place, $message];
    }

    public function disconnect(string $socketId, int $place): void
    {
        $this->calls[] = ['disconnect', $socketId, $place];
    }

    public function broadcast(string $appId, string $channel, string $message, ?string $exceptSocketId = null): void
    {
        $this->calls[] = ['broadcast', $appId, $channel, $message, $exceptSocketId];
    }

    public function subscribers(string $appId, string $channel): array
    {
        return $this->subscribers[$channel] ?? [];
    }

    public function channels(string $appId, string $prefix = ''): array
    {
        return array_values(array_filter(array_keys($this->subscribers), fn ($name) => str_starts_with($name, $prefix)));
    }

    public function cached(string $appId, string $channel): ?string
    {
        return $this->cached[$channel] ?? null;
    }

    public function question(): ?array
    {
        return array_shift($this->questions);
    }

    public function answer(string $by, string $name, ?array $application): void
    {
        if ($application && $this->refusal) {
            throw $this->refusal;
        }

        $this->calls[] = ['answer', $by, $name, $application];
    }

    public function unanswered(string $by, string $name): void
    {
        $this->calls[] = ['unanswered', $by, $name];
    }

    public function stop(int $grace): void
    {
        $this->stops[] = $grace;
    }
}
