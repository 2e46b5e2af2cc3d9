<?php

namespace Laravel\Reverb\Tests\Unit\Fakes;

use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativePublisher;
use Laravel\Reverb\Native\Contracts\NativeServer;
use RuntimeException;

/**
 * An engine that remembers what it was asked for.
 */
class FakeEngine implements Engine
{
    /**
     * The options each publisher was created with.
     *
     * @var list<array<string, mixed>>
     */
    public array $publishers = [];

    /**
     * The configuration each server was started with.
     *
     * @var list<array<string, mixed>>
     */
    public array $servers = [];

    public FakePublisher $publisher;

    public FakeServer $server;

    public function __construct(public ?RuntimeException $failure = null)
    {
        $this->publisher = new FakePublisher;
        $this->server = new FakeServer;
    }

    public function startServer(array $configuration): NativeServer
    {
        $this->servers[] = $configuration;

        return $this->failure ? throw $this->failure : $this->server;
    }

    public function publisher(array $options): NativePublisher
    {
        $this->publishers[] = $options;

        return $this->failure ? throw $this->failure : $this->publisher;
    }
}
