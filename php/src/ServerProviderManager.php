<?php

namespace Laravel\Reverb;

use Illuminate\Support\Manager;
use Laravel\Reverb\Concerns\NamesUnknownDrivers;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Servers\Reverb\ReverbServerProvider;

/**
 * @mixin \Laravel\Reverb\Contracts\ServerProvider
 */
class ServerProviderManager extends Manager
{
    use NamesUnknownDrivers;

    /**
     * The key of the configuration that names the driver, and the driver if it does not.
     */
    protected const KEY = 'reverb.default';

    protected const FALLBACK = 'reverb';

    /**
     * Create an instance of the Reverb driver.
     */
    public function createReverbDriver(): ReverbServerProvider
    {
        return new ReverbServerProvider(
            $this->container->make('app'), Section::of($this->config, 'reverb.servers')->array('reverb')
        );
    }

    /**
     * Get the default driver name.
     */
    public function getDefaultDriver(): string
    {
        return $this->configuredDriver();
    }
}
