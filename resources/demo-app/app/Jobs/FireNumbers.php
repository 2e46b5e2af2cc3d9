<?php

namespace App\Jobs;

use App\Events\NumberFired;
use Illuminate\Bus\Queueable;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;
use Illuminate\Queue\InteractsWithQueue;

class FireNumbers implements ShouldQueue
{
    use Dispatchable, InteractsWithQueue, Queueable;

    /**
     * Create a new job instance.
     */
    public function __construct(public string $run, public int $count, public string $author)
    {
        //
    }

    /**
     * Fire the events one after the other, whatever process this is.
     */
    public function handle(): void
    {
        foreach (range(1, $this->count) as $number) {
            broadcast(new NumberFired($this->run, $number, $this->count, $this->author));
        }
    }
}
