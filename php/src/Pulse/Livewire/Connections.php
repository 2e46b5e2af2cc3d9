<?php

namespace Laravel\Reverb\Pulse\Livewire;

use Illuminate\Contracts\Support\Renderable;
use Illuminate\Support\Collection;
use Illuminate\Support\Facades\Config;
use Illuminate\Support\Facades\View;
use Laravel\Pulse\Livewire\Card;
use Laravel\Reverb\Pulse\Recorders\ReverbConnections;
use Livewire\Attributes\Lazy;
use Livewire\Livewire;

/**
 * The card "reverb.connections".
 */
#[Lazy]
class Connections extends Card
{
    /**
     * Render the component.
     */
    public function render(): Renderable
    {
        [$connections, $time, $runAt] = $this->remember(fn () => $this->readings());

        if (Livewire::isLivewireRequest()) {
            $this->dispatch('reverb-connections-chart-update', connections: $connections);
        }

        return View::make('reverb::livewire.connections', [
            'connections' => $connections,
            'time' => $time,
            'runAt' => $runAt,
            'sampleRate' => ReverbConnections::sampleRateOf(Config::getFacadeRoot()),
        ]);
    }

    /**
     * Get the most and the average of each application's connections over the time.
     *
     * @return \Illuminate\Support\Collection<string, \Illuminate\Support\Collection<string, \Illuminate\Support\Collection<string, float|null>>>
     */
    protected function readings(): Collection
    {
        $peaks = $this->graph(['reverb_connections'], 'max');
        $averages = $this->graph(['reverb_connections'], 'avg');

        // Databases hand decimals over as texts...
        $numbers = fn (?Collection $readings) => (new Collection($readings?->get('reverb_connections')))
            ->map(fn ($value) => $value === null ? null : (float) $value);

        return $peaks->map(fn (Collection $readings, string|int $id) => new Collection([
            'peak' => $numbers($readings),
            'average' => $numbers($averages->get($id)),
        ]));
    }
}
