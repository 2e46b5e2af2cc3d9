<?php

namespace Laravel\Reverb\Testing;

use Laravel\Reverb\Exceptions\ExtensionNotLoaded;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativePublisher;
use Laravel\Reverb\Native\Contracts\NativeServer;

/**
 * An engine whose publishers send nothing.
 *
 * @internal
 */
class RecordingEngine implements Engine
{
    /**
     * Create a new recording engine instance.
     */
    public function __construct(
        public readonly Engine $engine,
        protected ReverbFake $fake,
        protected ServerLimits $limits,
        protected ?string $connection = null,
    ) {
        //
    }

    public function startServer(array $configuration): NativeServer
    {
        return $this->engine->startServer($configuration);
    }

    public function publisher(array $options): NativePublisher
    {
        return new RecordingPublisher(
            $this->fake, $this->connection, $options['app_id'], $this->limits, $this->realPublisher($options)
        );
    }

    /**
     * Get an engine that records under the given broadcasting connection.
     */
    public function named(string $connection): static
    {
        return new static($this->engine, $this->fake, $this->limits, $connection);
    }

    /**
     * Get a publisher that knows the rules, unless the extension is not loaded.
     *
     * @param  array<string, mixed>  $options
     *
     * @throws \RuntimeException
     */
    protected function realPublisher(array $options): ?NativePublisher
    {
        try {
            return $this->engine->publisher($options);
        } catch (ExtensionNotLoaded) {
            return null;
        }
    }
}
