<?php

namespace Laravel\Reverb\Native\Contracts;

/**
 * The native engine, as much of it as the package uses.
 *
 * @internal
 */
interface Engine
{
    /**
     * Start a server and bind its address.
     *
     * @param  array<string, mixed>  $configuration
     *
     * @throws \RuntimeException
     */
    public function startServer(array $configuration): NativeServer;

    /**
     * Create a publisher for one application.
     *
     * @param  array<string, mixed>  $options
     *
     * @throws \RuntimeException
     */
    public function publisher(array $options): NativePublisher;
}
