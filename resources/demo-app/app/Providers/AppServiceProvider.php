<?php

namespace App\Providers;

use App\Models\User;
use Illuminate\Foundation\Application;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    /**
     * Bootstrap any application services.
     */
    public function boot(): void
    {
        Auth::viaRequest('session-visitor', User::fromSession(...));

        if (method_exists(Application::class, 'configure')) {
            return;
        }

        // Laravel 10 has no routing in bootstrap/app.php...
        $this->booted(function () {
            Route::middleware('web')->group(base_path('routes/web.php'));

            Broadcast::routes();

            require base_path('routes/channels.php');
        });
    }
}
