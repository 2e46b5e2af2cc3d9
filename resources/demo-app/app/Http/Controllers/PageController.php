<?php

namespace App\Http\Controllers;

use App\Models\User;
use Illuminate\Contracts\View\View;
use Illuminate\Http\Request;
use Illuminate\Support\Arr;
use Illuminate\Support\Str;

class PageController
{
    /**
     * Show the page, as whoever the session says this visitor is.
     */
    public function __invoke(Request $request): View
    {
        $visitor = User::fromSession($request) ?? $this->stranger()->remember($request);
        $options = config('broadcasting.connections.reverb.options');

        return view('demo', [
            'visitor' => $visitor,
            'settings' => [
                'key' => config('broadcasting.connections.reverb.key'),
                'port' => (int) $options['port'],
                'path' => $options['path'] ?? '',
                'tls' => $options['scheme'] === 'https',
                'visitor' => ['id' => $visitor->id, 'name' => $visitor->name],
            ],
        ]);
    }

    /**
     * Create a visitor with a name that nobody has to think of.
     */
    protected function stranger(): User
    {
        $mood = Arr::random(['Brave', 'Calm', 'Curious', 'Gentle', 'Merry', 'Patient', 'Quick', 'Quiet', 'Sunny', 'Wise']);
        $animal = Arr::random(['Badger', 'Crane', 'Falcon', 'Heron', 'Lynx', 'Otter', 'Robin', 'Seal', 'Tortoise', 'Wren']);

        return new User(Str::lower(Str::random(12)), "{$mood} {$animal}");
    }
}
