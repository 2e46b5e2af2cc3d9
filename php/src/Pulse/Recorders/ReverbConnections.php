<?php

namespace Laravel\Reverb\Pulse\Recorders;

use Illuminate\Config\Repository;
use Illuminate\Support\Lottery;
use Laravel\Pulse\Pulse;
use Laravel\Reverb\Pulse\ServerBeat;

/**
 * Records how many connections each application has.
 */
class ReverbConnections
{
    use Concerns\HasSampleRate;

    /**
     * The events to listen for.
     *
     * @var class-string
     */
    public string $listen = ServerBeat::class;

    /**
     * Create a new recorder instance.
     */
    public function __construct(protected Pulse $pulse, protected Repository $config)
    {
        //
    }

    /**
     * Record the connections of each application, or of those that the sample rate picks.
     */
    public function record(ServerBeat $event): void
    {
        $isPicked = Lottery::odds($this->sampleRate());

        foreach ($event->applications as $application) {
            if ($isPicked->choose()) {
                $this->pulse
                    ->record('reverb_connections', $application['app_id'], $application['connections'], $event->time)
                    ->avg()
                    ->max()
                    ->onlyBuckets();
            }
        }
    }
}
