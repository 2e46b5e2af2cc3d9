<?php

namespace Laravel\Reverb\Native;

use Laravel\Reverb\Exceptions\ExtensionNotLoaded;
use Laravel\Reverb\Native\Contracts\Engine;
use Laravel\Reverb\Native\Contracts\NativePublisher;
use Laravel\Reverb\Native\Contracts\NativeServer;
use Reverb\Publisher;
use Reverb\Server;

/**
 * The PHP extension. Only this class and the two it makes name its classes.
 *
 * @internal
 */
class Extension implements Engine
{
    /**
     * Determine whether the extension is loaded.
     */
    public function loaded(): bool
    {
        return extension_loaded('reverb');
    }

    /**
     * Get the version of the extension, if it is loaded.
     */
    public function version(): ?string
    {
        return phpversion('reverb') ?: null;
    }

    /**
     * Determine whether whoever started this process wants it to outlive the terminal.
     */
    public function outlivesTerminal(): bool
    {
        return $this->loaded() && Server::outlivesTerminal();
    }

    /**
     * Start a server and bind its address.
     *
     * @param  array<string, mixed>  $configuration
     *
     * @throws \RuntimeException
     */
    public function startServer(array $configuration): NativeServer
    {
        $this->ensureItIsLoaded();

        return new ExtensionServer(Server::start($configuration));
    }

    /**
     * Create a publisher for one application.
     *
     * @param  array<string, mixed>  $options
     *
     * @throws \RuntimeException
     */
    public function publisher(array $options): NativePublisher
    {
        $this->ensureItIsLoaded();

        return new ExtensionPublisher(new Publisher($options));
    }

    /**
     * Ensure that the extension is loaded.
     *
     * @throws \Laravel\Reverb\Exceptions\ExtensionNotLoaded
     */
    protected function ensureItIsLoaded(): void
    {
        if (! $this->loaded()) {
            throw new ExtensionNotLoaded;
        }
    }
}
