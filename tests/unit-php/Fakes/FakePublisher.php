<?php

namespace Laravel\Reverb\Tests\Unit\Fakes;

use Laravel\Reverb\Native\Contracts\NativePublisher;
use RuntimeException;

/**
 * A publisher that remembers what was published and signs with a word.
 */
class FakePublisher implements NativePublisher
{
    /**
     * What was published: channels, event, data, socket id.
     *
     * @var list<array{list<string>, string, string, ?string}>
     */
    public array $published = [];

    /**
     * What was checked: channels, event, data, socket id, limits.
     *
     * @var list<array{list<string>, string, string, ?string, array<string, int|null>}>
     */
    public array $checked = [];

    public ?RuntimeException $failure = null;

    /**
     * Whether it waits for the server.
     */
    public bool $acknowledges = true;

    /**
     * The number of events at each settling.
     *
     * @var list<int>
     */
    public array $settled = [];

    public ?RuntimeException $laterFailure = null;

    public function publish(array $channels, string $event, string $data, ?string $socketId = null): void
    {
        if ($this->failure) {
            throw $this->failure;
        }

        $this->published[] = [$channels, $event, $data, $socketId];
    }

    public function check(array $channels, string $event, string $data, ?string $socketId, array $limits): void
    {
        $this->checked[] = [$channels, $event, $data, $socketId, $limits];

        if ($this->failure) {
            throw $this->failure;
        }
    }

    public function openBatch(): void
    {
        $this->acknowledges = false;
    }

    public function settle(): void
    {
        $this->acknowledges = true;
        $this->settled[] = count($this->published);

        if ($this->laterFailure) {
            throw $this->laterFailure;
        }
    }

    public function failures(): int
    {
        return 4;
    }

    public function stats(): array
    {
        return $this->failure ? throw $this->failure : ['connections' => 3, 'channels' => 2];
    }

    public function route(): string
    {
        return 'unix';
    }

    public function authorizeChannel(string $socketId, string $channel, ?string $channelData = null): array
    {
        if ($this->failure) {
            throw $this->failure;
        }

        return array_filter(['auth' => "signed {$socketId} {$channel}", 'channel_data' => $channelData]);
    }

    public function authenticateUser(string $socketId, string $userData): array
    {
        return ['auth' => "signed {$socketId}", 'user_data' => $userData];
    }
}
