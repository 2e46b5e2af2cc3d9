<?php

namespace Laravel\Reverb\Pulse\Livewire\Concerns;

/**
 * How often something happened, in a unit of time that suits the period shown.
 */
trait HasRate
{
    /**
     * The points that Pulse draws of a period.
     */
    protected const POINTS = 60;

    /**
     * Get the unit of time.
     */
    public function rateUnit(): string
    {
        return match ($this->period) {
            '6_hours' => 'minute',
            '24_hours' => 'hour',
            '7_days' => 'day',
            default => 'second',
        };
    }

    /**
     * Convert what happened between two points of the graph to a rate.
     */
    protected function rate(int|float|null $count): ?float
    {
        $unit = ['second' => 1, 'minute' => 60, 'hour' => 3_600, 'day' => 86_400][$this->rateUnit()];

        return $count === null ? null : round($count * $unit * self::POINTS / $this->periodAsInterval()->totalSeconds, 2);
    }
}
