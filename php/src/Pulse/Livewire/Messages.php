<?php

namespace Laravel\Reverb\Pulse\Livewire;

use Illuminate\Contracts\Support\Renderable;
use Illuminate\Support\Collection;
use Illuminate\Support\Facades\Config;
use Illuminate\Support\Facades\View;
use Laravel\Pulse\Livewire\Card;
use Laravel\Reverb\Pulse\Recorders\ReverbMessages;
use Livewire\Attributes\Lazy;
use Livewire\Livewire;

/**
 * The card "reverb.messages".
 */
#[Lazy]
class Messages extends Card
{
    use Concerns\HasRate;

    /**
     * Render the component.
     */
    public function render(): Renderable
    {
        $sampleRate = ReverbMessages::sampleRateOf(Config::getFacadeRoot());

        [$messages, $time, $runAt] = $this->remember(fn () => $this->readings($sampleRate), (string) $sampleRate);

        if (Livewire::isLivewireRequest()) {
            $this->dispatch('reverb-messages-chart-update', messages: $messages);
        }

        return View::make('reverb::livewire.messages', [
            'messages' => $messages,
            'time' => $time,
            'runAt' => $runAt,
            'sampleRate' => $sampleRate,
        ]);
    }

    /**
     * Get each application's messages over the time: how many there were, and how many per unit of the rate.
     *
     * @return \Illuminate\Support\Collection<string, \Illuminate\Support\Collection<string, \Illuminate\Support\Collection<string, float|null>>>
     */
    protected function readings(float $sampleRate): Collection
    {
        return $this->graph(['reverb_message:sent', 'reverb_message:received'], 'sum')->map(function (Collection $readings) use ($sampleRate) {
            $count = fn (string $type) => $readings->get("reverb_message:{$type}", new Collection)
                ->map(fn ($value) => $value === null || $sampleRate === 0.0 ? null : (float) $value / $sampleRate);

            return new Collection([
                'sent' => $sent = $count('sent'),
                'received' => $received = $count('received'),
                'sent_rate' => $sent->map($this->rate(...)),
                'received_rate' => $received->map($this->rate(...)),
            ]);
        });
    }
}
