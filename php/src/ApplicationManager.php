<?php

namespace Laravel\Reverb;

use Illuminate\Support\Collection;
use Illuminate\Support\Manager;
use Laravel\Reverb\Concerns\NamesUnknownDrivers;
use Laravel\Reverb\Configuration\Section;

class ApplicationManager extends Manager
{
    use NamesUnknownDrivers;

    /**
     * The key of the configuration that names the driver, and the driver if it does not.
     */
    protected const KEY = 'reverb.apps.provider';

    protected const FALLBACK = 'config';

    /**
     * Create an instance of the configuration driver.
     */
    public function createConfigDriver(): ConfigApplicationProvider
    {
        return new ConfigApplicationProvider(
            new Collection(Section::of($this->config, 'reverb.apps')->array('apps'))
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
