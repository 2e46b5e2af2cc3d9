<?php

namespace Laravel\Reverb\Console;

use Composer\InstalledVersions;
use Illuminate\Contracts\Config\Repository;
use Laravel\Reverb\Native\Extension;
use OutOfBoundsException;

/**
 * What `php artisan about` says of this package.
 *
 * @internal
 */
class About
{
    /**
     * Create a new about instance.
     */
    public function __construct(protected Repository $config, protected Extension $extension)
    {
        //
    }

    /**
     * Get the lines of the section.
     *
     * @return array<string, string>
     */
    public function __invoke(): array
    {
        $server = (array) $this->config->get('reverb.servers.reverb');

        return [
            'Package' => $this->version(),
            'Extension' => $this->extension->version() ?? '<fg=red;options=bold>NOT LOADED</>',
            'Server' => sprintf('%s:%s%s', $server['host'] ?? '', $server['port'] ?? '', $server['path'] ?? ''),
            'Socket' => ($server['socket'] ?? '') === '' ? '<fg=yellow;options=bold>OFF</>' : $server['socket'],
        ];
    }

    /**
     * Get the version of the package.
     */
    protected function version(): string
    {
        try {
            return InstalledVersions::getPrettyVersion('reverb-php/reverb') ?? '';
        } catch (OutOfBoundsException) {
            return '';
        }
    }
}
