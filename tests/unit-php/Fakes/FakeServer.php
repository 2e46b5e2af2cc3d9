<?php

namespace Laravel\Reverb\Tests\Unit\Fakes;

use Laravel\Reverb\Native\Contracts\NativeServer;
use LogicException;

/**
 * A server whose every poll is written down before the test.
 */
class FakeServer implements NativeServer
{
    /**
     * What each poll does and returns.
     *
     * @var list<\Closure(): list<array<string, string>>>
     */
    public array $polls = [];

    /**
     * The grace period of each stop.
     *
     * @var list<int>
     */
    public array $stops = [];

    public function port(): int
    {
        return 4321;
    }

    public function poll(int $timeout): array
    {
        $poll = array_shift($this->polls) ?? throw new LogicException('The test describes no further poll.');

        return $poll();
    }

    public function stop(int $grace): void
    {
        $this->stops[] = $grace;
    }
}
