<?php

namespace Laravel\Reverb\Pulse\Recorders\Concerns;

use Illuminate\Config\Repository;

/**
 * @property-read \Illuminate\Config\Repository $config
 */
trait HasSampleRate
{
    /**
     * Get the part of what happens that is to be recorded, from 0 to 1.
     */
    protected function sampleRate(): float
    {
        return self::sampleRateOf($this->config);
    }

    /**
     * Get the sample rate that the given configuration has for this recorder.
     */
    public static function sampleRateOf(Repository $config): float
    {
        $rate = $config->get('pulse.recorders.'.static::class.'.sample_rate');

        return is_numeric($rate) ? min(1.0, max(0.0, (float) $rate)) : 1.0;
    }
}
