<?php

namespace Laravel\Reverb\Servers\Reverb;

use Laravel\Reverb\Certificate;
use Laravel\Reverb\Configuration\Section;

/**
 * The options of TLS: those of the configuration, or else the certificate that Herd or Valet made for the host name.
 *
 * @internal
 */
class TlsOptions
{
    /**
     * Create a new TLS options instance.
     */
    public function __construct(protected Section $server)
    {
        //
    }

    /**
     * Determine whether the server speaks TLS.
     */
    public function enabled(): bool
    {
        return $this->toArray() !== [];
    }

    /**
     * Convert the options to the array the native server takes, which is empty without TLS.
     *
     * @return array<string, mixed>
     */
    public function toArray(): array
    {
        $options = $this->server->section('options');

        // False is for those who have a certificate of Herd or Valet, and a proxy that uses it...
        if ($options->get('tls') === false) {
            return [];
        }

        $tls = array_filter($options->array('tls'), fn ($value) => $value !== null);

        if (isset($tls['local_cert']) || isset($tls['local_pk'])) {
            return $tls;
        }

        $hostname = $this->server->string('hostname');

        if ($hostname === '' || ($paths = Certificate::resolve($hostname)) === null) {
            return [];
        }

        return ['local_cert' => $paths[0], 'local_pk' => $paths[1]] + $tls;
    }
}
