<?php

return [
    'defaults' => ['guard' => 'web', 'passwords' => 'users'],
    'guards' => ['web' => ['driver' => 'session-visitor']],
    'providers' => [],
    'passwords' => [],
    'password_timeout' => 10800,
];
