@include('reverb::livewire.card', [
    'name' => 'Reverb Connections',
    'past' => $this->periodForHumans(),
    'subject' => 'connections',
    'applications' => $connections,
    'lines' => [
        ['key' => 'peak', 'label' => 'Peak', 'color' => '#9333ea', 'axis' => 'y'],
        ['key' => 'average', 'label' => 'Average', 'color' => '#10b981', 'axis' => 'y'],
    ],
    'summary' => fn ($readings) => number_format((float) $readings['peak']->max()),
])
