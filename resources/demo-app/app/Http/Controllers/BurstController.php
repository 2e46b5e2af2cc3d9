<?php

namespace App\Http\Controllers;

use App\Jobs\FireNumbers;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Str;

class BurstController
{
    /**
     * Fire many events in a loop, within this very request.
     */
    public function store(Request $request): JsonResponse
    {
        $run = $request->string('run', Str::random(8))->toString();
        $count = min(10_000, max(1, $request->integer('count', 1_000)));
        $started = microtime(true);

        FireNumbers::dispatchSync($run, $count, $request->user()->name ?? 'Laravel');

        return response()->json([
            'run' => $run,
            'count' => $count,
            'milliseconds' => round((microtime(true) - $started) * 1000, 1),
        ]);
    }
}
