<?php

use Illuminate\Foundation\Application;

// Laravel 11 and later: the application configures itself...
if (method_exists(Application::class, 'configure')) {
    return Application::configure(basePath: dirname(__DIR__))
        ->withRouting(
            web: __DIR__.'/../routes/web.php',
            commands: __DIR__.'/../routes/console.php',
            channels: __DIR__.'/../routes/channels.php',
        )
        ->withMiddleware(fn () => null)
        ->withExceptions(fn () => null)
        ->create();
}

// Laravel 10: the kernels and the exception handler are classes of the application...
$app = new Application(dirname(__DIR__));

$app->singleton(Illuminate\Contracts\Http\Kernel::class, App\Http\Kernel::class);
$app->singleton(Illuminate\Contracts\Console\Kernel::class, App\Console\Kernel::class);
$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, App\Exceptions\Handler::class);

return $app;
