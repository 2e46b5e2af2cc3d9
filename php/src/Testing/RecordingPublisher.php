<?php

namespace Laravel\Reverb\Testing;

use Illuminate\Broadcasting\BroadcastEvent;
use Laravel\Reverb\Exceptions\ExtensionNotLoaded;
use Laravel\Reverb\Native\Contracts\NativePublisher;

/**
 * A publisher that records what it is given, and sends nothing. It refuses and signs what the real one does.
 *
 * @internal
 */
class RecordingPublisher implements NativePublisher
{
    /**
     * Create a new recording publisher instance.
     *
     * @param  \Laravel\Reverb\Native\Contracts\NativePublisher|null  $publisher  Null where the extension is not loaded.
     */
    public function __construct(
        protected ReverbFake $fake,
        protected ?string $connection,
        protected string $appId,
        protected ServerLimits $limits,
        protected ?NativePublisher $publisher,
    ) {
        //
    }

    public function publish(array $channels, string $event, string $data, ?string $socketId = null): void
    {
        $this->check($channels, $event, $data, $socketId, $this->limits->of($this->appId));

        $this->fake->record(new RecordedBroadcast(
            $event, $channels, (array) json_decode($data, true), $socketId, $this->connection, $this->source()
        ));
    }

    public function check(array $channels, string $event, string $data, ?string $socketId, array $limits): void
    {
        $this->publisher?->check($channels, $event, $data, $socketId, $limits);
    }

    public function openBatch(): void
    {
        //
    }

    public function settle(): void
    {
        //
    }

    public function failures(): int
    {
        return 0;
    }

    public function stats(): array
    {
        return ['connections' => 0, 'channels' => 0];
    }

    public function route(): string
    {
        return '';
    }

    public function authorizeChannel(string $socketId, string $channel, ?string $channelData = null): array
    {
        return $this->signer()->authorizeChannel($socketId, $channel, $channelData);
    }

    public function authenticateUser(string $socketId, string $userData): array
    {
        return $this->signer()->authenticateUser($socketId, $userData);
    }

    /**
     * Get the publisher that signs.
     *
     * @throws \Laravel\Reverb\Exceptions\ExtensionNotLoaded
     */
    protected function signer(): NativePublisher
    {
        return $this->publisher ?? throw new ExtensionNotLoaded;
    }

    /**
     * Get the event that is being broadcast. A broadcaster is not told, so the job that calls it is asked.
     */
    protected function source(): ?object
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_PROVIDE_OBJECT | DEBUG_BACKTRACE_IGNORE_ARGS) as $frame) {
            if (($frame['object'] ?? null) instanceof BroadcastEvent) {
                return $frame['object']->event;
            }
        }

        return null;
    }
}
