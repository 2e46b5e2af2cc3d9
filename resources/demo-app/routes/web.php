<?php

use App\Events\MessagePosted;
use App\Http\Controllers\BurstController;
use App\Http\Controllers\PageController;
use App\Http\Controllers\VisitorController;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

Route::get('/', PageController::class);

Route::put('/visitor', [VisitorController::class, 'update'])->middleware('auth');

Route::post('/bursts', [BurstController::class, 'store']);

Route::post('/messages', function (Request $request) {
    $event = new MessagePosted(
        $request->string('text', 'Hello from Laravel')->limit(200)->toString(),
        $request->user()->name ?? 'Laravel',
    );

    broadcast($event)->toOthers();

    return response()->noContent();
});
