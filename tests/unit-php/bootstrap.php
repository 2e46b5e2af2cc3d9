<?php

// Run by tests/unit-php/run, which fetches the framework on its first run. The extension is not needed here.

require getenv('REVERB_FRAMEWORK').'/root/usr/share/php/Illuminate/autoload.php';

spl_autoload_register(function (string $class) {
    $folders = [
        'Laravel\\Reverb\\Tests\\Unit\\' => __DIR__,
        'Laravel\\Reverb\\' => __DIR__.'/../../php/src',
    ];

    foreach ($folders as $namespace => $folder) {
        $file = $folder.'/'.str_replace('\\', '/', substr($class, strlen($namespace))).'.php';

        if (str_starts_with($class, $namespace) && is_file($file)) {
            require $file;

            return;
        }
    }
});
