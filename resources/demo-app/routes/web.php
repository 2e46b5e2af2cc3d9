<?php

use App\Events\MessagePosted;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

Route::post('/messages', function (Request $request) {
    $event = new MessagePosted(
        $request->string('text', 'Hello from Laravel')->limit(200)->toString(),
        $request->user()->name ?? 'Laravel',
    );

    broadcast($event)->toOthers();

    return response()->noContent();
});
