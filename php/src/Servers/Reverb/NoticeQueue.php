<?php

namespace Laravel\Reverb\Servers\Reverb;

use Laravel\Reverb\Native\Contracts\NativeServer;
use SplQueue;

/**
 * What the native server has told, to be handled one by one, so that a slow listener does not keep a signal waiting.
 *
 * @internal
 */
class NoticeQueue
{
    /**
     * The notices that were not handled yet.
     *
     * @var \SplQueue<array<string, mixed>>
     */
    protected SplQueue $notices;

    /**
     * Create a new notice queue instance.
     */
    public function __construct(protected NativeServer $server)
    {
        $this->notices = new SplQueue;
    }

    /**
     * Get the next notice, and wait for it for at most the given milliseconds.
     *
     * @return array<string, mixed>|null
     */
    public function next(int $timeout): ?array
    {
        if ($this->notices->isEmpty()) {
            foreach ($this->server->poll($timeout) as $notice) {
                $this->notices->enqueue($notice);
            }
        }

        return $this->notices->isEmpty() ? null : $this->notices->dequeue();
    }
}
