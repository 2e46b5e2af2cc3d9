@php
    $lines = [
        ['key' => 'sent', 'label' => 'Sent', 'color' => '#9333ea', 'axis' => 'y'],
        ['key' => 'received', 'label' => 'Received', 'color' => '#10b981', 'axis' => 'y'],
        ['key' => 'sent_rate', 'label' => "Sent per {$this->rateUnit()}", 'color' => '#bc81f1', 'axis' => 'rate'],
        ['key' => 'received_rate', 'label' => "Received per {$this->rateUnit()}", 'color' => '#78d7b3', 'axis' => 'rate'],
    ];
@endphp
<x-pulse::card :cols="$cols" :rows="$rows" :class="$class">
    <x-pulse::card-header
        name="Reverb Messages"
        title="Time: {{ number_format($time) }}ms; Run at: {{ $runAt }};"
        details="past {{ $this->periodForHumans() }}"
    >
        <x-slot:icon>
            @include('reverb::livewire.icon')
        </x-slot:icon>
        <x-slot:actions>
            @include('reverb::livewire.legend')
        </x-slot:actions>
    </x-pulse::card-header>

    <x-pulse::scroll :expand="$expand" wire:poll.5s="">
        @if ($messages->isEmpty())
            <x-pulse::no-results />
        @else
            <div class="grid gap-3 mx-px mb-px">
                @foreach ($messages as $id => $readings)
                    <div wire:key="{{ $id.$this->period }}">
                        <h3 class="flex justify-between font-bold text-gray-700 dark:text-gray-300">
                            <span>{{ $id }}</span>
                            <span class="text-xs" title="Sample rate: {{ $sampleRate }}">{{ $sampleRate < 1 ? '~' : '' }}{{ number_format((float) $readings['sent_rate']->max()) }} sent per {{ $this->rateUnit() }} at the most</span>
                        </h3>

                        <div class="mt-3 relative">
                            @include('reverb::livewire.chart', ['event' => 'reverb-messages-chart-update', 'subject' => 'messages'])
                        </div>
                    </div>
                @endforeach
            </div>
        @endif
    </x-pulse::scroll>
</x-pulse::card>
