@include('reverb::livewire.card', [
    'name' => 'Reverb Messages',
    'past' => $this->periodForHumans(),
    'subject' => 'messages',
    'applications' => $messages,
    'lines' => [
        ['key' => 'sent', 'label' => 'Sent', 'color' => '#9333ea', 'axis' => 'y'],
        ['key' => 'received', 'label' => 'Received', 'color' => '#10b981', 'axis' => 'y'],
        ['key' => 'sent_rate', 'label' => "Sent per {$this->rateUnit()}", 'color' => '#bc81f1', 'axis' => 'rate'],
        ['key' => 'received_rate', 'label' => "Received per {$this->rateUnit()}", 'color' => '#78d7b3', 'axis' => 'rate'],
    ],
    'summary' => fn ($readings) => ($sampleRate < 1 ? '~' : '').number_format((float) $readings['sent_rate']->max())." sent per {$this->rateUnit()}",
])
