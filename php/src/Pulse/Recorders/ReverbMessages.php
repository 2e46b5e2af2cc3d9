<?php

namespace Laravel\Reverb\Pulse\Recorders;

use Illuminate\Config\Repository;
use Laravel\Pulse\Pulse;
use Laravel\Reverb\Pulse\ServerBeat;

/**
 * Records how many messages each application has sent and received.
 *
 * There is one entry per application and beat, and its value is the number of messages: a server sends more of them
 * in a second than Pulse could take entries in a day.
 */
class ReverbMessages
{
    use Concerns\HasSampleRate;

    /**
     * The events to listen for.
     *
     * @var class-string
     */
    public string $listen = ServerBeat::class;

    /**
     * The parts of messages that the sample rate has left over, by type and application.
     *
     * @var array<string, float>
     */
    protected array $rest = [];

    /**
     * Create a new recorder instance.
     */
    public function __construct(protected Pulse $pulse, protected Repository $config)
    {
        //
    }

    /**
     * Record the messages of each application that had some.
     */
    public function record(ServerBeat $event): void
    {
        foreach ($event->applications as $application) {
            foreach (['sent', 'received'] as $direction) {
                $type = "reverb_message:{$direction}";
                $count = $this->sample("{$type}:{$application['app_id']}", $application["messages_{$direction}"]);

                if ($count > 0) {
                    $this->pulse->record($type, $application['app_id'], $count, $event->time)->sum()->onlyBuckets();
                }
            }
        }
    }

    /**
     * Get the number of messages that a sample of so many has.
     */
    protected function sample(string $name, int $count): int
    {
        $exactly = $count * $this->sampleRate() + ($this->rest[$name] ?? 0.0);
        $whole = (int) floor($exactly);

        if ($exactly > $whole) {
            $this->rest[$name] = $exactly - $whole;
        } else {
            unset($this->rest[$name]);
        }

        return $whole;
    }
}
