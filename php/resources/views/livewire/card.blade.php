{{-- A card with a chart for each application. Needs $name, $past, $subject, $applications, $lines and $summary, which says a chart in words. --}}
<x-pulse::card :cols="$cols" :rows="$rows" :class="$class">
    <x-pulse::card-header
        :name="$name"
        title="Time: {{ number_format($time) }}ms; Run at: {{ $runAt }};"
        details="past {{ $past }}"
    >
        <x-slot:icon>
            @include('reverb::livewire.icon')
        </x-slot:icon>
        <x-slot:actions>
            @include('reverb::livewire.legend')
        </x-slot:actions>
    </x-pulse::card-header>

    <x-pulse::scroll :expand="$expand" wire:poll.5s="">
        @if ($applications->isEmpty())
            <x-pulse::no-results />
        @else
            <div class="grid gap-3 mx-px mb-px">
                @foreach ($applications as $id => $readings)
                    <div wire:key="{{ $id.$period }}">
                        <h3 class="flex justify-between font-bold text-gray-700 dark:text-gray-300">
                            <span>{{ $id }}</span>
                            <span class="text-xs" title="Sample rate: {{ $sampleRate }}">{{ $summary($readings) }} at the most</span>
                        </h3>

                        <div class="mt-3 relative">
                            @include('reverb::livewire.chart', ['event' => "reverb-{$subject}-chart-update"])
                        </div>
                    </div>
                @endforeach
            </div>
        @endif
    </x-pulse::scroll>
</x-pulse::card>
