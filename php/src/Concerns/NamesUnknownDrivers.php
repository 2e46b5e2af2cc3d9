<?php

namespace Laravel\Reverb\Concerns;

use Illuminate\Support\Str;
use Laravel\Reverb\Configuration\Section;
use Laravel\Reverb\Exceptions\InvalidServerConfiguration;

/**
 * A manager whose driver is named by the configuration, so that a name nobody knows is reported with its key.
 *
 * @internal
 */
trait NamesUnknownDrivers
{
    /**
     * Create a new driver instance.
     *
     * @param  string  $driver
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidServerConfiguration
     */
    protected function createDriver($driver): mixed
    {
        $name = Str::studly($driver);

        // Without a name the method would be this one...
        if (isset($this->customCreators[$driver]) || $name !== '' && method_exists($this, "create{$name}Driver")) {
            return parent::createDriver($driver);
        }

        throw InvalidServerConfiguration::driver(self::KEY, $driver, self::FALLBACK, self::class);
    }

    /**
     * Get the name that the configuration has for the driver.
     */
    protected function configuredDriver(): string
    {
        [$section, $key] = explode('|', Str::replaceLast('.', '|', self::KEY));

        return Section::of($this->config, $section)->string($key, self::FALLBACK);
    }
}
