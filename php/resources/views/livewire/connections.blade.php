@php
    $lines = [
        ['key' => 'peak', 'label' => 'Peak', 'color' => '#9333ea', 'axis' => 'y'],
        ['key' => 'average', 'label' => 'Average', 'color' => '#10b981', 'axis' => 'y'],
    ];
@endphp
<x-pulse::card :cols="$cols" :rows="$rows" :class="$class">
    <x-pulse::card-header
        name="Reverb Connections"
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
        @if ($connections->isEmpty())
            <x-pulse::no-results />
        @else
            <div class="grid gap-3 mx-px mb-px">
                @foreach ($connections as $id => $readings)
                    <div wire:key="{{ $id.$this->period }}">
                        <h3 class="flex justify-between font-bold text-gray-700 dark:text-gray-300">
                            <span>{{ $id }}</span>
                            <span class="text-xs" title="Sample rate: {{ $sampleRate }}">{{ number_format((float) $readings['peak']->max()) }} at the most</span>
                        </h3>

                        <div class="mt-3 relative">
                            @include('reverb::livewire.chart', ['event' => 'reverb-connections-chart-update', 'subject' => 'connections'])
                        </div>
                    </div>
                @endforeach
            </div>
        @endif
    </x-pulse::scroll>
</x-pulse::card>
