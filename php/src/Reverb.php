<?php

namespace Laravel\Reverb;

use Illuminate\Foundation\DevCommands;

class Reverb
{
    /**
     * Let "php artisan dev" start the server, where the framework has that command.
     */
    public static function registerDevCommands(): void
    {
        if (class_exists(DevCommands::class)) {
            DevCommands::register('php artisan reverb:start', 'reverb');
        }
    }
}
