<?php

namespace Laravel\Reverb;

use Illuminate\Support\Manager;
use Laravel\Reverb\Servers\Reverb\ReverbServerProvider;

/**
 * @mixin \Laravel\Reverb\Contracts\ServerProvider
 */
class ServerProviderManager extends Manager
{
    /**
     * Create an instance of the Reverb driver.
     */
    public function createReverbDriver(): ReverbServerProvider
    {
        return new ReverbServerProvider(
            $this->container->make('app'), $this->config->get('reverb.servers.reverb') ?? []
        );
    }

    /**
     * Get the default driver name.
     */
    public function getDefaultDriver(): string
    {
        return $this->config->get('reverb.default') ?? 'reverb';
    }
}
