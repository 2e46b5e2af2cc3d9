<?php

namespace Laravel\Reverb\Native\Contracts;

/**
 * @internal
 */
interface NativeServer
{
    /**
     * Get the port the server listens on.
     */
    public function port(): int;

    /**
     * Wait for notices, at most for the given milliseconds or until a signal.
     *
     * @return list<array{type: string, title?: string, message?: string}>
     */
    public function poll(int $timeout): array;

    /**
     * Stop accepting, close the connections within the given milliseconds and end the threads.
     */
    public function stop(int $grace): void;
}
