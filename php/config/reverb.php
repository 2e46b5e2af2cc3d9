<?php

return [

    /*
    |--------------------------------------------------------------------------
    | Default Reverb Server
    |--------------------------------------------------------------------------
    |
    | This option names the server that is used by Reverb to handle incoming
    | connections and to broadcast your application's events to them. The
    | only server there is, is the native one, and its name is reverb.
    |
    */

    'default' => env('REVERB_SERVER', 'reverb'),

    /*
    |--------------------------------------------------------------------------
    | Reverb Servers
    |--------------------------------------------------------------------------
    |
    | Here you may say how the server listens, how large an HTTP request may
    | be, and how it shares events with other servers. The keys at its end
    | belong to the native server and may safely be left as they are.
    |
    */

    'servers' => [

        'reverb' => [
            'host' => env('REVERB_SERVER_HOST', '0.0.0.0'),
            'port' => env('REVERB_SERVER_PORT', 8080),
            'path' => env('REVERB_SERVER_PATH', ''),
            'hostname' => env('REVERB_HOST'),
            'options' => [
                'tls' => [],
            ],
            'max_request_size' => env('REVERB_MAX_REQUEST_SIZE', 10_000),
            'scaling' => [
                'enabled' => env('REVERB_SCALING_ENABLED', false),
                'channel' => env('REVERB_SCALING_CHANNEL', 'reverb'),
                'prefix' => env('REVERB_SCALING_PREFIX', ''),
                'server' => [
                    'url' => env('REDIS_URL'),
                    'host' => env('REDIS_HOST', '127.0.0.1'),
                    'port' => env('REDIS_PORT', '6379'),
                    'username' => env('REDIS_USERNAME'),
                    'password' => env('REDIS_PASSWORD'),
                    'database' => env('REDIS_DB', '0'),
                    'timeout' => env('REDIS_TIMEOUT', 60),
                ],
            ],
            'pulse_ingest_interval' => env('REVERB_PULSE_INGEST_INTERVAL', 15),
            'telescope_ingest_interval' => env('REVERB_TELESCOPE_INGEST_INTERVAL', 15),

            // The unix socket on which PHP processes of this machine publish...
            'socket' => env('REVERB_SERVER_SOCKET', storage_path('framework/reverb.sock')),

            // The number of threads that serve connections, or 0 for one per core...
            'workers' => env('REVERB_SERVER_WORKERS', 0),

            // The bytes a slow connection may leave unread before it is closed...
            'max_backlog' => env('REVERB_SERVER_MAX_BACKLOG', 16_777_216),

            // The seconds for which a cache channel keeps its last event...
            'cache_ttl' => env('REVERB_SERVER_CACHE_TTL', 1_800),

            // Whether messages are compressed for the clients that offer it...
            'compression' => env('REVERB_SERVER_COMPRESSION', false),

            // The seconds by which a request's time may differ, or 0 for any time...
            'auth_timestamp_tolerance' => env('REVERB_AUTH_TIMESTAMP_TOLERANCE', 600),

            // The microseconds an event may wait for others to be sent with...
            'coalesce' => env('REVERB_COALESCE_US', 0),

            // The proxies that tell a client's address: addresses, networks, or * for any...
            'trusted_proxies' => env('REVERB_TRUSTED_PROXIES'),
        ],

    ],

    /*
    |--------------------------------------------------------------------------
    | Reverb Applications
    |--------------------------------------------------------------------------
    |
    | Here you may define the applications this server works for, and where
    | they come from. Each has its own credentials, limits and channels, and
    | none of them will ever see the events or connections of another one.
    |
    */

    'apps' => [

        'provider' => 'config',

        // For a provider of your own: how long an application is used before it is asked for again,
        // how long an unknown one is refused without asking, how long anybody waits for an answer,
        // all in seconds, and how many unknown applications may be asked for within a second...
        'cache_ttl' => env('REVERB_APPS_CACHE_TTL', 60),
        'unknown_ttl' => env('REVERB_APPS_UNKNOWN_TTL', 10),
        'lookup_timeout' => env('REVERB_APPS_LOOKUP_TIMEOUT', 3),
        'lookups_per_second' => env('REVERB_APPS_LOOKUPS_PER_SECOND', 200),

        'apps' => [
            [
                'key' => env('REVERB_APP_KEY'),
                'secret' => env('REVERB_APP_SECRET'),
                'app_id' => env('REVERB_APP_ID'),
                'options' => [
                    'host' => env('REVERB_HOST'),
                    'port' => env('REVERB_PORT', 443),
                    'scheme' => env('REVERB_SCHEME', 'https'),
                    'useTLS' => env('REVERB_SCHEME', 'https') === 'https',
                ],
                'allowed_origins' => ['*'],
                'ping_interval' => env('REVERB_APP_PING_INTERVAL', 60),
                'activity_timeout' => env('REVERB_APP_ACTIVITY_TIMEOUT', 30),
                'max_connections' => env('REVERB_APP_MAX_CONNECTIONS'),
                'max_message_size' => env('REVERB_APP_MAX_MESSAGE_SIZE', 10_000),
                'accept_client_events_from' => env('REVERB_APP_ACCEPT_CLIENT_EVENTS_FROM', 'members'),
                'rate_limiting' => [
                    'enabled' => env('REVERB_APP_RATE_LIMITING_ENABLED', false),
                    'max_attempts' => env('REVERB_APP_RATE_LIMIT_MAX_ATTEMPTS', 60),
                    'decay_seconds' => env('REVERB_APP_RATE_LIMIT_DECAY_SECONDS', 60),
                    'terminate_on_limit' => env('REVERB_APP_RATE_LIMIT_TERMINATE', false),
                ],

                // Whether subscribers are told how many they are, once a second...
                'subscription_count' => env('REVERB_APP_SUBSCRIPTION_COUNT', false),

                // Limits as Pusher has them; what is null is unlimited, or as large as it may be...
                'limits' => [
                    'channel_name_length' => null,
                    'channels_per_connection' => null,
                    'presence_members' => null,
                    'member_data_size' => null,
                    'client_events_per_second' => null,
                    'watchlist_size' => 100,
                    'event_name_length' => null,
                    'event_data_size' => null,
                    'channels_per_event' => null,
                    'events_per_batch' => null,
                ],
            ],
        ],

    ],

];
