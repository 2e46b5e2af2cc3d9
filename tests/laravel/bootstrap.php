<?php

// Run by tests/laravel/run, which makes the application and says where it is.

require getenv('REVERB_TEST_APP').'/vendor/autoload.php';

spl_autoload_register(function (string $class) {
    $folders = [
        'Laravel\\Reverb\\Tests\\Laravel\\' => __DIR__,
        'Laravel\\Reverb\\Tests\\Unit\\' => __DIR__.'/../unit-php',
    ];

    foreach ($folders as $namespace => $folder) {
        if (str_starts_with($class, $namespace)) {
            require $folder.'/'.str_replace('\\', '/', substr($class, strlen($namespace))).'.php';
        }
    }
});
