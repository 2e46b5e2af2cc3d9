<?php

namespace Laravel\Reverb;

use Exception;
use Illuminate\Foundation\DevCommands;

class Reverb
{
    /**
     * Let "php artisan dev" start the server, where the framework has that command.
     */
    public static function registerDevCommands(): void
    {
        if (! class_exists(DevCommands::class)) {
            return;
        }

        try {
            DevCommands::artisan('reverb:start', 'reverb');
        } catch (Exception) {
            // Laravel 13.16 lets no package register a command, and an application must start all the same...
        }
    }
}
