<?php

namespace Laravel\Reverb\Broadcasting;

use Closure;
use Illuminate\Broadcasting\BroadcastException;
use Laravel\Reverb\Native\Contracts\NativePublisher;
use RuntimeException;

/**
 * Events that are published without waiting, and waited for together.
 *
 * @internal
 */
class Batch
{
    /**
     * The number of batches that are open, each within the one before.
     */
    protected int $depth = 0;

    /**
     * The publishers that do not wait.
     *
     * @var array<int, NativePublisher>
     */
    protected array $publishers = [];

    /**
     * Run the callback, then wait until all of its events are published.
     *
     * @template TResult
     *
     * @param  \Closure(): TResult  $callback
     * @return TResult
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    public function run(Closure $callback): mixed
    {
        $this->depth++;

        try {
            return $callback();
        } finally {
            if (--$this->depth === 0) {
                $this->settle();
            }
        }
    }

    /**
     * Let the publisher wait at the end only, if a batch is open.
     */
    public function add(NativePublisher $publisher): void
    {
        if ($this->depth === 0 || isset($this->publishers[spl_object_id($publisher)])) {
            return;
        }

        $this->publishers[spl_object_id($publisher)] = $publisher;
        $publisher->openBatch();
    }

    /**
     * Wait for the events of all publishers.
     *
     * @throws \Illuminate\Broadcasting\BroadcastException
     */
    protected function settle(): void
    {
        [$publishers, $this->publishers] = [$this->publishers, []];
        $failure = null;

        foreach ($publishers as $publisher) {
            try {
                $publisher->settle();
            } catch (RuntimeException $e) {
                $failure ??= $e;
            }
        }

        if ($failure) {
            throw new BroadcastException("Cannot broadcast a batch: {$failure->getMessage()}", 0, $failure);
        }
    }
}
